"""ADetailer, which looks for faces in each finished image and paints them anew.

Seen with version 25.3: it works in `postprocess_image`, in generations of its own that carry a mark. At a batch's last
image it calls `before_process` and `process` of all scripts with a copy of `p`, whose generation parameters are the
very dict of `p`. What it was asked for it writes into them in its `process`, before anything has run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hires_strategies.webui.host.processing import Processing

_KEYS = "ADetailer "  # "ADetailer model", "ADetailer prompt 2nd", "ADetailer version" and so on


def is_its_own(p: Processing) -> bool:
    """Whether ADetailer started this generation, within another one."""
    return bool(getattr(p, "_ad_inner", False))


def without(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The generation parameters of an image that it did not work on."""
    return {key: value for key, value in parameters.items() if not key.startswith(_KEYS)}
