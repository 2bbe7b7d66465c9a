"""Pictures that lie, are broken or hold what nobody would write: a picture or a sentence, and the next one is right."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.live.client import Refused, WebUI, same

EMPTY = {"prompt": "", "negative_prompt": "", "seed": -1, "steps": 2}
SMALL = Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3))
LAST = "Steps: 6, Sampler: Euler, Schedule type: Automatic, CFG scale: 5.0, Seed: 7, Size: 64x64, Version: v1.10.1"


def saved(kind: str, image: Image.Image = SMALL, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def with_text(text: str, key: str = "parameters", **more: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, value in {key: text, **more}.items():
        info.add_itxt(name, value)
    return saved("PNG", pnginfo=info)


def with_values(**values: str) -> bytes:
    named = {key.replace("_", " "): value for key, value in values.items()}
    kept = [each for each in LAST.split(", ") if each.split(": ")[0] not in named]
    return with_text("a house\nNegative prompt: fog\n" + ", ".join([*kept, *(f"{k}: {v}" for k, v in named.items())]))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*before: bytes, width: int = 64, height: int = 64, data: bytes | None = None) -> bytes:
    """A gray picture by hand, with chunks of one's own before its data."""
    rows = zlib.compress(bytes(65 * 64)) if data is None else data
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def exif(comment: bytes, orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags.get_ifd(0x8769)[0x9286] = comment
    return tags


DIGITS = "9" * 26
PICTURES: dict[str, bytes] = {
    "a seed of 26 digits": with_values(Seed=DIGITS),
    "a negative one": with_values(Seed="-" + DIGITS),
    "a seed of 5000 digits": with_values(Seed="9" * 5000),
    "a seed that is no number": with_values(Seed="nan"),
    "an infinite one": with_values(Seed="1e400"),
    "a variation seed of 26 digits": with_values(Variation_seed=DIGITS, Variation_seed_strength="0.5"),
    "a variation of NaN": with_values(Variation_seed="5", Variation_seed_strength="nan"),
    "an infinite variation": with_values(Variation_seed="5", Variation_seed_strength="-inf"),
    "a resize from an absurd size": with_values(Seed_resize_from="1000000000x1000000000"),
    "a resize from NaN": with_values(Seed_resize_from="nanx8"),
    "an absurd size": with_values(Size="99999999999999999999999999x1"),
    "absurd steps": with_values(Steps=DIGITS),
    "an unknown sampler": with_values(Sampler="No such", Schedule_type="Nor this"),
    "settings of wrong types": with_values(Clip_skip="abc", ENSD="1e999", Token_merging_ratio="x", RNG="\x01"),
    "a strategy of braces": with_values(Hires_strategy="{" * 100_000),
    "a strategy of quotation marks": with_values(Hires_strategy='"' + "\\" * 99_999),
    "only the last line": with_text(LAST),
    "no line break": with_text("Steps: 1, Seed: 1, Size: 1x1"),
    "many keys": with_text("a\n" + ", ".join(f"k{n}: {n}" for n in range(20_000))),
    "control characters": with_text("\x00\x01\x7f\u2028\u202e\ufeff\uffff\n" + LAST),
    "an empty text": with_text(""),
    "a workflow": with_text(json.dumps({"3": {"inputs": {"seed": int(DIGITS)}}}), "workflow"),
    "NovelAI's": with_text("NovelAI", "Software", Comment='{"steps": null, "scale": [], "seed": "x", "sampler": {}}'),
    "NovelAI's, broken": with_text("NovelAI", "Software", Comment="{"),
    "a text that unpacks to 100 MB": png(chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(100_000_000)))),
    "broken UTF-8": png(chunk(b"iTXt", b"parameters\0\0\0\0\0" + b"\xff\xfe\xed\xa0\x80")),
    "a text without its end": png(chunk(b"tEXt", b"parameters")),
    "a profile of rubbish": png(chunk(b"iCCP", b"x\0\0" + zlib.compress(b"rubbish"))),
    "a header of 100,000 pixels": png(width=100_000, height=100_000),
    "a header of no pixels": png(width=0),
    "a header that lies": png(width=4000, height=4000),
    "data that unpack to 100 MB": png(data=zlib.compress(bytes(100_000_000))),
    "no data": png(data=b""),
    "rubbish as data": png(data=b"rubbish"),
    "a wrong checksum": png()[:-30] + b"\0\0\0\0" + png()[-26:],
    "half a PNG": saved("PNG")[:200],
    "half a JPEG": saved("JPEG")[:300],
    "half a WebP": saved("WEBP")[:100],
    "half a GIF": saved("GIF")[:100],
    "half a TIFF": saved("TIFF")[:100],
    "a GIF whose screen lies": b"GIF89a" + struct.pack("<HH", 65535, 65535) + saved("GIF")[10:],
    "a BMP whose size lies": saved("BMP")[:18] + struct.pack("<ii", 2**31 - 1, -(2**31)) + saved("BMP")[26:],
    "a TIFF of rubbish": b"II*\0" + b"\xff" * 200,
    "a comment of rubbish": saved("JPEG", exif=exif(b"UNICODE\0" + b"\xd8\x00" * 9)),
    "a comment with a seed of 26 digits": saved(
        "JPEG", exif=exif(b"UNICODE\0" + f"a\nSteps: 1, Seed: {DIGITS}, Size: 1x1".encode("utf-16-be"))
    ),
    "an orientation of 99": saved("JPEG", exif=exif(b"", 99)),
    "EXIF of rubbish": saved("JPEG", exif=b"Exif\0\0rubbish"),
    "a comment of a GIF": saved("GIF", comment=b"\xff\xfe\nSteps: 1, Seed: " + DIGITS.encode() + b", Size: 1x1"),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='99999'/>",
    "a PDF": b"%PDF-1.7 rubbish",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n",
    "nothing": b"",
}  # fmt: skip


@pytest.fixture(scope="module")
def before(webui: WebUI) -> Image.Image:
    return webui.txt2img("Nearest x1", steps=2).images[0]


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_or_a_sentence(webui: WebUI, before: Image.Image, picture: str) -> None:
    image = base64.b64encode(PICTURES[picture]).decode()
    try:
        answer = webui.txt2img({"strategies": "Nearest x1", "first_pass_image": image}, **EMPTY)
        assert answer.records[0]["error"] is None
    except Refused as refused:
        assert refused.status == 422, refused
        assert len(refused.detail) < 500 and refused.detail.endswith((".", "?")), refused


def test_afterwards_everything_is_as_before(webui: WebUI, before: Image.Image) -> None:
    assert same(webui.txt2img("Nearest x1", steps=2).images[0], before)
