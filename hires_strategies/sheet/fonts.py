"""Letters of any script: each character is drawn with the first font that has it."""

from __future__ import annotations

import math
import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

# Tried first, because they cover the scripts that most fonts lack. By file name; from Windows, macOS and Linux.
_WIDE = (
    "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "msjh.ttc", "meiryo.ttc", "segoeui.ttf", "seguisym.ttf", "Nirmala.ttf",
    "LeelawUI.ttf", "simsun.ttc", "msgothic.ttc", "Arial Unicode.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "DroidSansFallbackFull.ttf",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "DejaVuSans.ttf", "FreeSans.ttf", "NotoSans-Regular.ttf", "unifont.ttf",
)  # fmt: skip
_SUFFIXES = (".ttf", ".ttc", ".otf")
_TRIED_SIZE = 24
_FINER = 3  # text is drawn this many times larger, then reduced: 14-pixel letters on whole pixels run into one another
_JOINERS = "\u200c\u200d"
_NO_CHARACTER = "\U0010ffff"  # every font shows its "missing" glyph here
_ELLIPSIS = "…"


class Lettering:
    """Text of one size in pixels. `fonts` are the preferred fonts' files; after them come all others of this machine.

    `missing` collects the characters that no font has. Raises OSError if there is no font at all.
    """

    def __init__(self, fonts: Sequence[str], size: int) -> None:
        self.fonts = tuple(fonts)
        self.size = size
        self.missing: set[str] = set()

    @property
    def line_height(self) -> int:
        return round(self.size * 1.3)

    def width(self, text: str) -> float:
        """Pixels."""
        return sum(_load(file, self.size * _FINER).getlength(run) for file, run in self._runs(text)) / _FINER

    def draw(self, canvas: ImageDraw.ImageDraw, place: tuple[int, int], text: str, colour: str) -> None:
        """Draw one line of text with its upper left corner at `place`."""
        size = math.ceil(self.width(text)) + self.size, self.line_height
        mask = Image.new("L", (size[0] * _FINER, size[1] * _FINER))
        pen, x = ImageDraw.Draw(mask), 0.0
        for file, run in self._runs(text):
            font = _load(file, self.size * _FINER)
            pen.text((x, self.size * _FINER), run, fill=255, font=font, anchor="ls")
            x += font.getlength(run)
        canvas.bitmap(place, mask.reduce(_FINER), fill=colour)

    def wrap(self, text: str, width: float, most: int) -> list[str]:
        """Lines no wider than `width` pixels, broken between words if possible; at most `most` of them, the
        last of which then ends in an ellipsis."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            if line and self.width(f"{line} {word}") <= width:
                line = f"{line} {word}"
                continue
            if line:
                lines.append(line)
            while self.width(word) > width and len(word) > 1:
                fitting = self._fitting(word, width)
                lines.append(word[:fitting])
                word = word[fitting:]
            line = word
        lines += [line] if line else []
        if len(lines) > most:
            last = lines[most - 1]
            while last and self.width(last + _ELLIPSIS) > width:
                last = last[:-1]
            lines = [*lines[: most - 1], last + _ELLIPSIS]
        return lines

    def _fitting(self, word: str, width: float) -> int:
        """How many characters of a word fit, at least one."""
        low, high = 1, len(word)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(word[:middle]) <= width else (low, middle - 1)
        return low

    def _runs(self, text: str) -> Iterator[tuple[str, str]]:
        files: list[str] = []
        for character in text:
            # An accent is drawn with the letter it belongs to; otherwise it cannot be placed.
            joins = bool(files) and (unicodedata.category(character)[0] == "M" or character in _JOINERS)
            files.append(files[-1] if joins and _has(files[-1], character) else self._file_with(character))
        for file, part in groupby(zip(files, text, strict=True), key=lambda pair: pair[0]):
            yield file, "".join(character for _, character in part)

    def _file_with(self, character: str) -> str:
        file = _file_with(self.fonts, character)
        if file is None:
            self.missing.add(character)
        return file or _any_file(self.fonts)


@cache
def _file_with(preferred: tuple[str, ...], character: str) -> str | None:
    """The file of the first font that has a character."""
    return next((file for file in chain(preferred, _others()) if _has(file, character)), None)


@cache
def _any_file(preferred: tuple[str, ...]) -> str:
    for file in chain(preferred, _others()):
        if _has(file, "x"):
            return file
    raise OSError("This machine has no font that can be read.")


@cache
def _has(file: str, character: str) -> bool:
    """Whether a font has its own shape for a character; a space need not show anything."""
    try:
        shape = _shape(file, character)
        return character.isspace() or (any(shape) and shape != _shape(file, _NO_CHARACTER))
    except (OSError, ValueError):
        return False  # not a font after all, or a colour bitmap font with a single size


@cache
def _shape(file: str, character: str) -> bytes:
    canvas = Image.new("L", (2 * _TRIED_SIZE, 2 * _TRIED_SIZE))
    ImageDraw.Draw(canvas).text((0, 0), character, fill=255, font=_load(file, _TRIED_SIZE))
    return canvas.tobytes()


@cache
def _load(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


@cache
def _others() -> Sequence[str]:
    """This machine's fonts, those that cover many scripts first."""
    files = sorted(
        path for folder in _folders() for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES
    )  # fmt: skip
    rank = {name.lower(): place for place, name in enumerate(_WIDE)}
    return [str(path) for path in sorted(files, key=lambda path: rank.get(path.name.lower(), len(rank)))]


def _folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        windows = (Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",)
        folders = chain(windows, (Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts",))
    elif sys.platform == "darwin":
        folders = chain((Path("/System/Library/Fonts"), Path("/Library/Fonts")), (home / "Library/Fonts",))
    else:
        folders = chain(
            (Path("/usr/share/fonts"), Path("/usr/local/share/fonts")), (home / ".local/share/fonts", home / ".fonts")
        )
    return (folder for folder in folders if folder.is_dir())
