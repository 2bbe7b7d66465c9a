"""Property tests: no deadline, for a busy machine says nothing about the code."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("engine", deadline=None)
settings.load_profile("engine")
