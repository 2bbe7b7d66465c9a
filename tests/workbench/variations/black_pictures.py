"""Nobody looks for results that are not numbers: the picture is black.

Forge (dfdcbab6), reForge (3b56b268), Classic (1f95d717) and Neo of February (6e1e0d5a): `devices.test_for_nans` does
nothing. Neo 2.26 (5692d2d1) warns and puts zeros in, and never looks at what is decoded.
"""

from __future__ import annotations

from typing import Any

import pytest


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the workbench such a host."""
    from modules import devices

    def passed(x: Any, where: str) -> None: ...

    monkeypatch.setattr(devices, "test_for_nans", passed)
