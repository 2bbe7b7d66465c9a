"""Where skia cannot be loaded (it wants the system's OpenGL libraries), the tests that draw are skipped, and say so."""

from __future__ import annotations

from pathlib import Path

import pytest

try:
    import skia  # noqa: F401

    _missing = None
except ImportError as reason:
    _missing = f"skia-python cannot be loaded: {reason}"


class _Skipped(pytest.Module):
    def collect(self):
        pytest.skip(str(_missing), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return _Skipped.from_parent(parent, path=module_path) if _missing else None
