"""The first passes of recent generations, kept image by image, so that stages can start from them again.

An image is found by its key alone, whichever batch it came from. A batch that recurs as a whole is preferred, and
marked: its latents equal a fresh run's bit for bit. Among other images the last bits differ, because a model computes
a whole batch at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .fingerprint import digest

MEGABYTE = 1024 * 1024
MOST_IMAGES = 32
MOST_MEGABYTES = 64
_KNOWN_AS_DROPPED = 1000  # images


@dataclass(frozen=True)
class Traces:
    """What else a first pass left behind, restored in a later run as if that run had computed the pass itself.

    `parameters` are what it added to the generation parameters; `generators` the states of torch's random number
    generators by device; `eta` the sampler's.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    generators: Mapping[str, torch.Tensor] = field(default_factory=dict)
    eta: float | None = None

    @property
    def size(self) -> int:
        """Bytes of the generators' states."""
        return sum(_bytes(state) for state in self.generators.values())


@dataclass(frozen=True)
class Recalled:
    """A batch from memory, a new tensor on the CPU. `same_batch`: bit for bit that of a fresh run."""

    latents: torch.Tensor
    traces: Traces
    same_batch: bool


@dataclass(frozen=True)
class _Image:
    key: str
    batch: str
    position: int
    latents: torch.Tensor
    traces: Traces

    @property
    def size(self) -> int:
        return _bytes(self.latents) + self.traces.size


class FirstPasses:
    """The latest first passes: at most `images`, in at most `size` bytes; the least recently used is dropped first."""

    def __init__(self, images: int = MOST_IMAGES, size: int = MOST_MEGABYTES * MEGABYTE) -> None:
        self._images: list[_Image] = []  # the most recently used last
        self._dropped: deque[str] = deque(maxlen=_KNOWN_AS_DROPPED)  # keys
        self.limit(images, size)

    def __len__(self) -> int:
        return len(self._images)

    @property
    def size(self) -> int:
        """Bytes held; a batch's generator states are counted for each of its images."""
        return sum(image.size for image in self._images)

    def limit(self, images: int, size: int) -> None:
        """Set both limits (0 or less: nothing is kept) and drop what exceeds them."""
        self._most, self._largest = images, size
        self._drop()

    def clear(self) -> None:
        self._images.clear()
        self._dropped.clear()

    def has_dropped(self, keys: Sequence[str]) -> bool:
        """Whether an image with one of the keys was kept here until the limits forced it out."""
        known = {image.key for image in self._images}
        return any(key in self._dropped and key not in known for key in keys)

    def remember(self, keys: Sequence[str], latents: torch.Tensor, traces: Traces) -> str | None:
        """Keep a finished batch of latents (see host.Latents) under one key per image. The tensor is copied, not held.

        Returns a sentence if the batch, or a part of it, is not kept: latents that are not all finite, or more of them
        than the limits allow. Raises ValueError if there are not as many keys as latents.
        """
        if len(keys) != len(latents):
            raise ValueError(f"{len(latents)} images need as many keys, found {len(keys)}.")
        if not bool(torch.isfinite(latents).all()):
            return "Not all of its latents are numbers."
        batch = digest(tuple(keys))
        self._images = [image for image in self._images if image.batch != batch]
        for position, key in enumerate(keys):
            own = latents[position].detach().to("cpu", copy=True).contiguous()
            self._images.append(_Image(key, batch, position, own, traces))
        size = sum(image.size for image in self._images if image.batch == batch)
        self._drop()
        if sum(image.batch == batch for image in self._images) == len(keys):
            return None
        allowed = f"{_counted(self._most)} and {self._largest / MEGABYTE:.4g} MB"
        return f"The settings allow {allowed}, and this batch is {_counted(len(keys))} and {size / MEGABYTE:.2g} MB."

    def recall(self, keys: Sequence[str]) -> Recalled | None:
        """The latents of a batch, or None if any of its images is unknown."""
        if not keys:
            return None
        batch = digest(tuple(keys))
        same = {image.position: image for image in self._images if image.batch == batch}
        if len(same) == len(keys):
            found = [same[position] for position in range(len(keys))]
        else:
            newest = {image.key: image for image in self._images}
            if not all(key in newest for key in keys):
                return None
            found = [newest[key] for key in keys]
        used = {id(image) for image in found}
        self._images = [image for image in self._images if id(image) not in used] + _once(found)
        return Recalled(torch.stack([image.latents for image in found]), found[-1].traces, len(same) == len(keys))

    def _drop(self) -> None:
        while self._images and (len(self._images) > self._most or self.size > self._largest):
            self._dropped.append(self._images.pop(0).key)


def _counted(images: int) -> str:
    return "1 image" if images == 1 else f"{images} images"


def _once(images: list[_Image]) -> list[_Image]:
    """The images in order without repeats, however often a batch asked for one."""
    return list({id(image): image for image in images}.values())


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
