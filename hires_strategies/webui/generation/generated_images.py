"""Which of the images that the host makes from a batch are the batch's own: an image is known by what it is.

Other extensions add pictures to a batch, remove or replace some, or change p.batch_size, before our hooks or after
them. So nothing is counted:

- The decoded batch is one tensor, and the host's list of pictures holds views of it: a picture's place in memory tells
  its position in the batch. The list is read when all scripts are done with it.
- The object that carries an image through the last hook is kept, and what it holds when all scripts are done is the
  very image that the host returns.
- What another script replaced an image with is recognised by its likeness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from modules import errors, processing
from PIL import Image

from hires_strategies.webui.host import pixels
from hires_strategies.webui.host.processing import ImageArguments, Processed, Processing, opts

NAMED_BY = ("iteration", "batch_index", "batch_size", "n_iter")
_THUMBNAIL = (16, 16)
_MOST_UNLIKE = 0.3  # between a picture and what a script made of it; see _unlike


@dataclass(frozen=True)
class Made:
    """What an image of a batch was made with; its prompt as the host writes it, including network tags."""

    seed: int
    subseed: int
    prompt: str
    negative_prompt: str


def made_by(p: Processing) -> list[Made]:
    """What the images of the batch that `p` is sampling are made with."""
    count = len(p.seeds)
    places = (p.iteration * p.batch_size, *range(len(p.all_seeds)))  # if an extension changed the batch's size
    start = next((at for at in places if p.all_seeds[at : at + count] == p.seeds), 0)
    prompts = p.all_prompts[start : start + count]
    if len(prompts) != count:
        prompts = p.prompts
    return [Made(*each) for each in zip(p.seeds, p.subseeds, prompts, p.negative_prompts)]


def text_of(p: Processing, made: list[Made], position: int) -> str:
    """What the host writes for an image of a batch made with these."""
    text: str = processing.create_infotext(
        p, [each.prompt for each in made], [each.seed for each in made], [each.subseed for each in made],
        index=position, all_negative_prompts=[each.negative_prompt for each in made],
    )  # fmt: skip
    return text


@dataclass
class Generated:
    """A generated image. `named_by`: what file name patterns read from `p` for it.

    `carrier.image` is the image that the host returns; no carrier if another script removed the picture.
    `text` is its text, made if the host's is not available or is another image's (`misplaced`).
    """

    named_by: dict[str, int]
    carrier: ImageArguments | None = None
    text: str | None = None
    misplaced: bool = False

    @property
    def image(self) -> Image.Image | None:
        return self.carrier.image if self.carrier is not None else None


@dataclass
class GeneratedImages:
    """The images of one batch, from the decoded tensor to the result. `shown`: what p.sample returned, as pictures.
    `others`: images of the host's list that are not the batch's own; `came_as`: these as they were put there, by index.
    """

    made: list[Made]
    shown: list[Image.Image]
    by_position: dict[int, Generated] = field(default_factory=dict)
    others: list[ImageArguments] = field(default_factory=list)
    came_as: dict[int, Image.Image] = field(default_factory=dict)
    _tensor: Any = None
    _listed: Any = None
    _positions: list[int | None] | None = None

    def decoded(self, tensor: Any) -> None:
        """The whole batch, B,3,H,W."""
        self._tensor = tensor

    def listed(self, arguments: Any) -> None:
        """The object whose `images` are the pictures that the host uses after all scripts."""
        self._listed = arguments

    def finishing(self, p: Processing, arguments: ImageArguments) -> bool:
        """An image of the batch, p.batch_index in the host's list, goes through the last hook. Returns whether it is
        the list's last one."""
        if self._positions is None:
            listed = list(self._listed.images) if self._listed is not None else list(self._tensor)
            self._positions = self._find_positions(listed)
            self.came_as = {at: _picture(each) for at, each in enumerate(listed) if self._positions[at] is None}
            self._tensor = self._listed = None
            for missing in set(range(len(self.made))).difference(self._positions):
                self._note(p, missing, missing, None)
        index = p.batch_index
        position = self._positions[index] if index < len(self._positions) else None
        if position is None:
            self.others.append(arguments)
        else:
            self._note(p, position, index, arguments)
        return index == len(self._positions) - 1

    def index_of(self, position: int) -> int:
        """Where a generated image stands in the host's list, unless the host gave it another one's values there."""
        generated = self.by_position.get(position)
        known = generated is not None and generated.carrier is not None and not generated.misplaced
        return generated.named_by["batch_index"] if generated is not None and known else position

    def _note(self, p: Processing, position: int, index: int, carrier: ImageArguments | None) -> None:
        named_by = {**{name: getattr(p, name) for name in NAMED_BY}, "batch_index": index}
        misplaced = carrier is not None and _is_misplaced(p, index, self.made[position])
        text = None  # the image carries what the host writes
        if misplaced or carrier is None or not opts().enable_pnginfo:
            try:
                text = text_of(p, self.made, position)
            except Exception:
                errors.report("Hires strategies: an image's text could not be made", exc_info=True)
        self.by_position[position] = Generated(named_by, carrier, text, misplaced)

    def _find_positions(self, listed: list[Any]) -> list[int | None]:
        """Each listed picture's position in the batch; None for one that is not from the batch."""
        known: list[int | None] = []
        for picture in listed:
            position = self._position_in_memory(picture)
            known.append(position if position not in known else None)
        if all(position in known for position in range(len(self.shown))):
            return known
        return recognised(known, self.shown, [_picture(each) for each in listed])

    def _position_in_memory(self, picture: Any) -> int | None:
        tensor = self._tensor
        if tensor is None or len(tensor) != len(self.made):
            return None
        one = tensor.stride(0) * tensor.element_size()
        position: int = (picture.data_ptr() - tensor.data_ptr()) // one if one else 0
        return position if 0 <= position < len(tensor) else None


def _picture(listed: Any) -> Image.Image:
    """What the host makes of a picture of its list, 3,H,W from 0 to 1."""
    return pixels.from_decoded([listed * 2 - 1])[0]


def find(batches: Sequence[GeneratedImages], processed: Processed) -> dict[tuple[int, int], int]:
    """(batch, position) -> index in processed.images, for the generated images that are still there."""
    own: list[tuple[int, int]] = []
    finals: list[Image.Image] = []
    for number, batch in enumerate(batches):
        for position, generated in sorted(batch.by_position.items()):
            if generated.image is not None:
                own.append((number, position))
                finals.append(generated.image)
    start = processed.index_of_first_image
    found = processed.images[start:]
    known = [next((at for at, final in enumerate(finals) if final is image), None) for image in found]
    if any(at not in known for at in range(len(own))):
        foreign = [carrier.image for batch in batches for carrier in batch.others]
        known = recognised(known, finals, [None if any(image is one for one in foreign) else image for image in found])
    places: dict[tuple[int, int], int] = {}
    for index, at in enumerate(known):
        if at is not None:
            places.setdefault(own[at], start + index)
    return places


def recognised(
    known: list[int | None], own: Sequence[Image.Image], found: Sequence[Image.Image | None]
) -> list[int | None]:
    """`known[i]`, which of `own` found[i] is, completed for images that other scripts replaced.

    The most similar pairs come first. Place alone identifies nothing: another picture may have moved there.
    """
    result = list(known)
    ours = {at: _thumbnail(own[at]) for at in range(len(own)) if at not in known}
    theirs = {
        index: _thumbnail(image)
        for index, image in enumerate(found)
        if image is not None and known[index] is None
    }  # fmt: skip
    pairs = sorted((_unlike(ours[at], theirs[index]), at, index) for at in ours for index in theirs)
    for difference, at, index in pairs:
        if difference < _MOST_UNLIKE and at not in result and result[index] is None:
            result[index] = at
    return result


def _thumbnail(image: Image.Image) -> Any:
    """16 x 16 x 3 with each colour's mean subtracted, so that a brightened or reduced picture stays similar."""
    small = np.asarray(image.convert("RGB").resize(_THUMBNAIL, Image.Resampling.BOX), dtype=np.float32)
    return small - small.mean(axis=(0, 1))


def _unlike(one: Any, other: Any) -> float:
    """0 for thumbnails of the same picture, 1 for ones that have nothing in common, at most 2."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    if lengths == 0:
        return 0.0 if np.array_equal(one, other) else 1.0
    return 1 - float((one * other).sum()) / lengths


def _is_misplaced(p: Processing, index: int, made: Made) -> bool:
    """Whether the host gives the image at `index` of its list another image's seed and prompt.

    It does if an extension put a picture in front of the batch but left the seeds as they were.
    """
    lists = list(zip(p.seeds, p.subseeds, p.prompts))
    own = (made.seed, made.subseed, made.prompt)
    return own in lists and lists[index : index + 1] != [own]
