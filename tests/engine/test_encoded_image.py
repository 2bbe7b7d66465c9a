"""Every kind of picture a program can send, each with the right value of its pixels known."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from hires_strategies.errors import StrategyError
from hires_strategies.running.encoded_image import decode_image

RAMP = [0, 32896, 65535, 257 * 7, 257 * 7 + 129, 40000, 1, 65534]  # of 16 bits
RAMP_8 = [0, 128, 255, 7, 8, 156, 0, 255]  # the same of 8
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def read(data: bytes) -> list[tuple[int, int, int]]:
    """The first row's colours."""
    image = decode_image(base64.b64encode(data).decode(), (8, 8000), "image")
    assert image.mode == "RGB"
    return [image.getpixel((x, 0)) for x in range(image.width)]  # type: ignore[misc]


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def png(depth: int, colour: int, row: bytes, transparent: bytes | None = None, palette: bytes | None = None) -> bytes:
    """8x8, eight equal rows, as the PNG specification has it: Pillow writes few of these kinds."""
    header = struct.pack(">IIBBBBB", 8, 8, depth, colour, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"tRNS", transparent),
        (b"IDAT", zlib.compress(8 * (b"\0" + row))),
    ]
    body = b"".join(_chunk(name, data) for name, data in chunks if data is not None)
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def words(*values: int) -> bytes:
    return b"".join(struct.pack(">H", value) for value in values)


def gray(values: list[int]) -> list[tuple[int, int, int]]:
    return [(value, value, value) for value in values]


def interleaved(*channels: list[int]) -> bytes:
    return words(*(value for pixel in zip(*channels, strict=True) for value in pixel))


OPAQUE, CLEAR = [65535] * 8, [65535, 0] * 4
CASES: dict[str, tuple[bytes, list[tuple[int, int, int]]]] = {
    "gray of 16 bits": (png(16, 0, words(*RAMP)), gray(RAMP_8)),
    "gray of 16 bits, one of them transparent": (
        png(16, 0, words(*RAMP), transparent=words(32896)),
        gray([0, 255, *RAMP_8[2:]]),
    ),
    "gray of 16 bits with transparency": (
        png(16, 4, interleaved([0, 32896, 65535, 256, 512, 5, 6, 7], CLEAR)),
        gray([0, 255, 255, 255, 2, 255, 0, 255]),
    ),
    "colours of 16 bits": (
        png(16, 2, interleaved([0, 65535, 256] + [0] * 5, [32896, 0, 512] + [0] * 5, [65535, 0, 1024] + [0] * 5)),
        [(0, 128, 255), (255, 0, 0), (1, 2, 4), *[BLACK] * 5],
    ),
    "colours of 16 bits, one of them transparent": (
        png(16, 2, words(0x1234, 0x5678, 0x9ABC, *[256, 0, 0] * 7), words(0x1234, 0x5678, 0x9ABC)),
        [WHITE, *[(1, 0, 0)] * 7],
    ),
    "colours of 16 bits with transparency": (
        png(16, 6, interleaved(RAMP, [0] * 8, [0] * 8, CLEAR)),
        [(0, 0, 0), WHITE, (255, 0, 0), WHITE, (7, 0, 0), WHITE, (0, 0, 0), WHITE],
    ),
    "1 bit": (png(1, 0, b"\x55"), gray([0, 255] * 4)),
    "1 bit, black transparent": (png(1, 0, b"\x55", words(0)), gray([255] * 8)),
    "2 bits": (png(2, 0, b"\x1b\x1b"), gray([0, 85, 170, 255] * 2)),
    "2 bits, one of them transparent": (png(2, 0, b"\x1b\x1b", words(1)), gray([0, 255, 170, 255] * 2)),
    "4 bits, one of them transparent": (png(4, 0, b"\x1b" * 4, words(1)), gray([255, 187] * 4)),
    "palette": (png(2, 3, b"\x1b\x1b", palette=bytes(range(12))), [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11)] * 2),
    "palette with transparency": (
        png(2, 3, b"\x1b\x1b", transparent=b"\0\xff\x80", palette=b"\0" * 12),
        [WHITE, BLACK, (127, 127, 127), BLACK] * 2,
    ),
    "TIFF, gray of 16 bits": (saved(Image.fromarray(np.array([RAMP] * 8, np.uint16)), "TIFF"), gray(RAMP_8)),
    "TIFF, white is zero": (
        saved(Image.fromarray(np.array([RAMP] * 8, np.uint16)), "TIFF", tiffinfo={262: 0}),
        gray([255 - value for value in RAMP_8]),
    ),
    "TIFF, floats": (
        saved(Image.fromarray(np.array([[0, 0.5, 1, 0.25, 0.1, 0.2, 0.75, 1]] * 8, np.float32)), "TIFF"),
        gray([0, 128, 255, 64, 26, 51, 191, 255]),
    ),
    "PGM of 16 bits": (b"P5 8 8 65535 " + words(*RAMP) * 8, gray(RAMP_8)),
    "CMYK": (saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF"), [(255, 0, 0)] * 8),
    "GIF": (saved(Image.new("RGB", (8, 8), (9, 8, 7)), "GIF"), [(9, 8, 7)] * 8),
    "animation: its first picture": (
        saved(Image.new("RGB", (8, 8), "red"), "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8), "blue")]),
        [(255, 0, 0)] * 8,
    ),
    "WebP with transparency": (saved(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "WEBP", lossless=True), [WHITE] * 8),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_the_right_value(kind: str) -> None:
    data, expected = CASES[kind]
    assert read(data) == expected


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.full((8, 8), 3.5, np.float32), "floats go from 3.5 to 3.5, and 0 to 1"),
        (np.full((8, 8), -0.1, np.float32), "floats go from -0.1"),
        (np.full((8, 8), np.nan, np.float32), "floats go from nan"),
        (np.full((8, 8), 70_000, np.int32), "32 bits"),
    ],
)
def test_numbers_whose_white_nobody_knows_are_refused(array: Any, sentence: str) -> None:
    with pytest.raises(StrategyError, match=f"'image' holds no image that can be read: .*{sentence}"):
        read(saved(Image.fromarray(array), "TIFF"))


def test_a_sign_is_refused() -> None:
    tiff = saved(Image.fromarray(np.array([RAMP] * 8, np.uint16)), "TIFF", tiffinfo={339: 2})
    with pytest.raises(StrategyError, match="has a sign"):
        read(tiff)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_whatever_the_depth(kind: str, deep: bool, orientation: int) -> None:
    stored = np.arange(8 * 12, dtype=np.uint16).reshape(8, 12)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(stored * 257 if deep else stored.astype(np.uint8))
    upright = decode_image(base64.b64encode(saved(image, kind, exif=exif)).decode(), (8, 8000), "image")
    turns = {1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.T,
             6: stored[::-1].T, 7: stored[::-1, ::-1].T, 8: stored.T[::-1]}  # fmt: skip
    assert np.array_equal(np.asarray(upright)[..., 0], turns[orientation])


def test_a_profile_of_its_own_is_followed_and_srgb_changes_nothing() -> None:
    colours = Image.new("RGB", (8, 8), (10, 200, 30))
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    assert read(saved(colours, "PNG", icc_profile=own.tobytes())) == [(10, 200, 30)] * 8
    swapped = _swapped_red_and_green(own.tobytes())
    assert read(saved(colours, "PNG", icc_profile=swapped))[0] == pytest.approx((200, 10, 30), abs=2)
    assert read(saved(colours, "PNG", icc_profile=b"no profile")) == [(10, 200, 30)] * 8


def test_a_profile_keeps_transparency() -> None:
    clear = Image.new("RGBA", (8, 8), (10, 200, 30, 0))
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert read(saved(clear, "PNG", icc_profile=_swapped_red_and_green(own))) == [WHITE] * 8


def _swapped_red_and_green(profile: bytes) -> bytes:
    """An sRGB profile under another name whose red is green: what follows it shows."""
    changed = profile.replace(b"s\0R\0G\0B", b"o\0w\0n\0.").replace(b"sRGB", b"own.")
    table = {changed[i : i + 4]: i for i in range(132, 132 + 12 * struct.unpack(">I", changed[128:132])[0], 12)}
    red, green = table[b"rXYZ"], table[b"gXYZ"]
    data = bytearray(changed)
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def test_no_other_program_is_started_for_a_picture() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n"
    with pytest.raises(StrategyError, match="no image of a known format"):
        read(postscript)
