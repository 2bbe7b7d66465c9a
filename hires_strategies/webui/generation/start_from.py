"""What the page's section starts from, in its last arguments: the first pass, an image, or a folder of pictures.

They stand after the values of request.KEYS and the hidden field of the gallery's button (selected_image).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.json_text import object_in
from hires_strategies.wording import short

CHOICES = FIRST_PASS, IMAGE, FOLDER = ("first pass", "an image", "a folder")
FIRST = 8  # the place of the first of them among the section's arguments
NAMES = ("start", "image", "picture_texts", "folder", "results", "again")
_OF_A_FOLDER = ("folder", "picture_texts", "results", "again")


def read(arguments: Sequence[Any]) -> dict[str, Any]:
    """What they ask for, with the keys of json_schema.ARGUMENT; nothing for a first pass.

    Raises StrategyError where nothing was chosen to start from, and for another way to start.
    """
    values = dict(zip(NAMES, arguments[FIRST:], strict=False))
    start = values.get("start")
    if start in (None, FIRST_PASS):
        return {}
    if start == IMAGE:
        return {"first_pass_image": _image(values), **_given(values, ("picture_texts",))}
    if start == FOLDER:
        folder = values.get("folder")
        if not isinstance(folder, str) or not folder.strip():
            raise StrategyError("There is no folder to start from: name one under 'Start from', or choose another way.")
        return _given(values, _OF_A_FOLDER)
    raise StrategyError(f"'Start from' has to be {', '.join(map(repr, CHOICES))}, found {short(start)}.")


def first_pass(arguments: Sequence[Any]) -> tuple[Any, ...]:
    """The section's arguments, but for what to start from: the first pass."""
    start = [FIRST_PASS] if len(arguments) > FIRST else []
    return (*arguments[:FIRST], *start, *arguments[FIRST + 1 :])


def asks_for_folder(arguments: Sequence[Any]) -> bool:
    """Whether a folder is asked for, by the page or by an object with that key; nothing is checked."""
    first = arguments[0] if arguments else None
    if first is True:
        return arguments[FIRST : FIRST + 1] in ([FOLDER], (FOLDER,))
    if isinstance(first, str):
        first = object_in(first)
    return isinstance(first, Mapping) and "folder" in first


def _image(values: Mapping[str, Any]) -> Any:
    image = values.get("image")
    if image is None or image == "":
        raise StrategyError("There is no image to start from: choose one under 'Start from', or choose another way.")
    return image


def _given(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}
