"""What programs send in other forms than the page: deep pictures, lists of every length, odd sizes."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.live.client import WebUI


def deep_png() -> tuple[str, Any]:
    """A gray picture of 16 bits as base64, and its right pixels in 8."""
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    data = io.BytesIO()
    Image.fromarray(ramp).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode(), np.rint(ramp / 257).astype(np.uint8)


@pytest.mark.parametrize("text", ["None x1", "Nearest x2"])
def test_a_picture_of_16_bits_is_what_it_looks_like(webui: WebUI, text: str) -> None:
    image, right = deep_png()
    answer = webui.txt2img({"strategies": text, "first_pass_image": image})
    scale = answer.images[0].width // 64
    assert np.array_equal(np.asarray(answer.images[0])[::scale, ::scale, 0], right)
