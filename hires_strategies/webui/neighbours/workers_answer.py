"""The answer of another WebUI's txt2img to its part of a batch: checked, read, and divided.

It is an answer to this request if it repeats its seed, number of images, prompts and arguments.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from hires_strategies import __version__
from hires_strategies.wording import describe

_PER_IMAGE = ("all_seeds", "all_subseeds", "all_prompts", "all_negative_prompts")


@dataclass(frozen=True)
class Received:
    """An image in a worker's answer, with its text and what its record says; an empty record if it has none.

    `number`: of the generated image it belongs to, among all of the generation's, from 0.
    """

    image: Image.Image
    text: str
    record: Mapping[str, Any]
    number: int


@dataclass(frozen=True)
class MadeWith:
    """What a generated image was made with."""

    seed: int
    subseed: int
    prompt: str
    negative_prompt: str


@dataclass(frozen=True)
class Share:
    """What one worker made: of the generation's images `count`, beginning with number `first`.

    `made_with`: one for each of `generated`. `trouble`: a sentence if anything is missing, or may differ.
    """

    worker: str
    first: int
    count: int
    generated: tuple[Received, ...] = ()
    extras: tuple[Received, ...] = ()
    made_with: tuple[MadeWith, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a worker was asked for. `first`: how many images other machines make before its own; `seed`: its first.

    `prompts`: pairs of prompt and negative prompt, one of which it was given. `arguments`: those of our section.
    """

    worker: str
    first: int
    batch_size: int
    n_iter: int
    seed: int
    prompts: tuple[tuple[Any, ...], ...]
    section: str
    arguments: Sequence[Any]

    @property
    def count(self) -> int:
        return self.batch_size * self.n_iter

    @property
    def images(self) -> str:
        """Its images as part of a sentence."""
        if self.count == 1:
            return f"image number {self.first + 1}"
        return f"images number {self.first + 1} to {self.first + self.count}"


def read_answer(answer: Any, asked: Asked, version: Callable[[], str | None]) -> tuple[Share, Any]:
    """A worker's share, and its answer with the generated images alone; None for one that is not to be used.

    `version` asks the worker which version of this extension it has.
    """
    try:
        info = json.loads(answer["info"])
        sent = answer["parameters"]
        encoded = [str(image) for image in answer["images"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return _nothing(asked, _why_no_answer(asked, version())), None
    if not _is_to(asked, sent):
        return _nothing(asked, "gave the answer to another request"), None
    try:
        places = _Places(info, asked)
        share = Share(
            asked.worker,
            asked.first,
            asked.count,
            tuple(places.received(index, encoded[index]) for index in places.generated),
            tuple(places.received(index, encoded[index]) for index in places.extras),
            tuple(places.made_with(index) for index in places.generated),
            _trouble(asked, places, version),
        )
    except (ValueError, OSError, LookupError, TypeError) as error:
        return _nothing(asked, f"gave an answer that cannot be read ({describe(error).removesuffix('.')})"), None
    return share, {**answer, "images": [encoded[index] for index in places.generated], "info": places.info_left()}


class _Places:
    """Which images of an answer are what: `generated` and `extras` are indices of its images."""

    def __init__(self, info: dict[str, Any], asked: Asked) -> None:
        self.info, self.asked = info, asked
        self.has_records = "hires_strategies" in info
        self.records = {int(record["index"]): record for record in info.get("hires_strategies", ())}
        if not all({"kind", "seed"} <= record.keys() for record in self.records.values()):
            raise ValueError("its records are not known")
        if not self.has_records:
            start = int(info.get("index_of_first_image", 0))
            self.generated = list(range(start, min(start + asked.count, len(info["infotexts"]))))
        elif any("variant" in record for record in self.records.values()):
            self.generated = [index for index, record in self.records.items() if record.get("variant") == 0]
        else:  # a version whose records do not number the variants; the first ones come first
            variants = [index for index, record in self.records.items() if record["kind"] == "variant"]
            self.generated = variants[: asked.count]
        self.extras = [index for index in self.records if index not in self.generated]

    def received(self, index: int, encoded: str) -> Received:
        image = Image.open(io.BytesIO(base64.b64decode(encoded.split(",", 1)[-1])))
        image.load()
        image.info.clear()
        text = f"{self.info['infotexts'][index]}, Worker Label: {self.asked.worker}"
        return Received(image, text, self.records.get(index, {}), self.asked.first + self._number(index))

    def made_with(self, index: int) -> MadeWith:
        number = self._number(index)
        values = [self.info[key][number] for key in _PER_IMAGE]
        return MadeWith(int(values[0]), int(values[1]), str(values[2]), str(values[3]))

    def info_left(self) -> str:
        """The answer's info as it is with the generated images alone."""
        numbers = [self._number(index) for index in self.generated]
        left = {key: [self.info[key][number] for number in numbers] for key in _PER_IMAGE}
        texts = [self.info["infotexts"][index] for index in self.generated]
        return json.dumps({**self.info, **left, "infotexts": texts, "index_of_first_image": 0})

    def _number(self, index: int) -> int:
        """Of the generated image that an image belongs to, among the worker's own."""
        number = self.records.get(index, {}).get("image")
        if number is not None:
            return int(number)
        if index in self.generated:
            return self.generated.index(index)
        seed = self.records[index].get("seed")
        return next((at for at, own in enumerate(self.generated) if self.records[own].get("seed") == seed), 0)


def _is_to(asked: Asked, sent: Mapping[str, Any]) -> bool:
    """Whether an answer's `parameters`, which repeat the request, are those of this one."""
    numbers = {"seed": asked.seed, "batch_size": asked.batch_size, "n_iter": asked.n_iter}
    if any(sent.get(name) != value for name, value in numbers.items()):
        return False
    if (sent.get("prompt"), sent.get("negative_prompt")) not in asked.prompts:
        return False
    section = (sent.get("alwayson_scripts") or {}).get(asked.section)
    return section is None or section.get("args") == json.loads(json.dumps(asked.arguments))


def _trouble(asked: Asked, places: _Places, version: Callable[[], str | None]) -> str | None:
    who, missing = f"Worker '{asked.worker}'", asked.count - len(places.generated)
    if not places.has_records:
        return f"{who} has no {asked.section}, or none that was found: {asked.images} went through no strategy."
    theirs = version()
    if theirs != __version__:
        which = f"version {theirs}" if theirs is not None else "an unknown version"
        return f"{who} has {which} of {asked.section} and this WebUI {__version__}: {asked.images} may differ."
    images = "image" if missing == 1 else "images"
    return f"{who} gave {missing} {images} less than its part, {asked.images}." if missing > 0 else None


def _why_no_answer(asked: Asked, version: str | None) -> str:
    """What can be said of a worker that failed, was stopped, or refused: the last because it has no such section."""
    if version is None:
        return f"gave no answer, nor does it say which {asked.section} it has"
    return f"gave no answer, though it has {asked.section} {version}"


def _nothing(asked: Asked, why: str) -> Share:
    is_missing = "is missing" if asked.count == 1 else "are missing"
    sentence = f"Worker '{asked.worker}' {why}: {asked.images} {is_missing}. The log of the extension that shares "
    return Share(asked.worker, asked.first, asked.count, trouble=sentence + "batches among machines says more.")
