"""A small WebUI of numpy arrays for the tests of the walk: every verb computes something that its arguments decide.

Latents are B x 4 x H/8 x W/8 floats from 0 to 1. As in the real one, encoding, a loading upscaler and what an
inpainting model is given draw from one generator that every sampling leaves in another state.
"""

from __future__ import annotations

import weakref
from typing import Any
from zlib import crc32

import numpy as np
from PIL import Image

from hires_strategies.finding.change import Ends
from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Node, Plan
from hires_strategies.planning.sizes import Upscale
from hires_strategies.planning.sought import Found, Sought
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.host import Sampled, SearchStart
from hires_strategies.running.picture import Picture

BATCH = 2
SIZE = (64, 48)


class Trouble(RuntimeError):
    """What the fake host raises where a test wants it to."""


class FakeHost:
    """`fail_at` and `stop_at` count the calls in `log` from 0: that one raises, or the user stops it there.

    `reason` is how: "interrupted" and "skipped" end what runs, "stopped" lets it finish.
    """

    def __init__(self, fail_at: int | None = None, stop_at: int | None = None, reason: str = "interrupted") -> None:
        self.fail_at = fail_at
        self.stop_at = stop_at
        self.reason = reason
        self.log: list[str] = []
        self.jobs: list[str] = []
        self.sampled_steps = 0
        self.sampled = Sampled()
        self.counts = False  # whether it can tell how often it ran its model, twice a step
        self.failures: list[tuple[int, str]] = []
        self.notes: list[tuple[int, str]] = []
        self.logged: list[str] = []
        self.pressed = False
        self.generator = np.random.default_rng(99)
        self.loaded: str | None = None  # None is the first pass's model
        self.models: dict[int, str | None] = {}  # which one made latents, by their id
        self.made: list[tuple[str, weakref.ref[np.ndarray]]] = []
        self.alive_at_job: list[list[str]] = []
        self.alive_after_failure: list[str] | None = None
        self.measures = False
        self.layout_kept: float | None = None
        self.strength: float | None = None  # what every search finds, None for a number of its own
        self.searched: list[tuple[str, float]] = []
        self.plans: list[Plan] = []  # those that were made while it ran

    def changes_model(self, node: Node, checkpoint: str | None) -> bool:
        return checkpoint != self.loaded or refiner_of(node) is not None

    def use_model(self, checkpoint: str | None) -> None:
        if checkpoint == self.loaded:
            return
        self.loaded = None  # what a failing load leaves
        self._call(f"load {checkpoint or 'main'}")
        self.loaded = checkpoint

    def latent_space(self) -> str:
        return "other" if (self.loaded or "").startswith("xl") else "usual"

    def rewind_generator(self, node: Node | None = None) -> None:
        self.generator = np.random.default_rng(7)

    def generator_state(self) -> Any:
        return self.generator.bit_generator.state

    def restore_generator(self, state: Any) -> None:
        self.generator = np.random.default_rng()
        self.generator.bit_generator.state = state

    def batch_size(self) -> int:
        return BATCH

    def joined(self, parts: list[np.ndarray]) -> np.ndarray:
        whole = self._track("joined", np.concatenate(parts))
        self.models[id(whole)] = self.models.get(id(parts[0]))
        return whole

    def note(self, node: Node, sentence: str) -> None:
        self.notes.append((node.index, sentence))

    def say(self, sentence: str) -> None:
        self.logged.append(sentence)

    def decode(self, latents: np.ndarray, tiled: bool = False) -> list[Image.Image]:
        self._call("decode")
        assert self.made_by(latents) in (None, self.loaded), "only the model that made latents can decode them"
        pixels = np.rint(latents[:, :3] * 255 * (1 - 0.3 * _number(self.loaded or "a"))).astype(np.uint8)
        pixels = np.moveaxis(pixels, 1, 3).repeat(8, axis=1).repeat(8, axis=2)
        return [Image.fromarray(image) for image in pixels]

    def encode(self, images: list[Image.Image], tiled: bool = False) -> np.ndarray:
        self._call("encode")
        latents = []
        for image in images:
            rows, columns = image.height // 8, image.width // 8
            pixels = np.asarray(image, dtype=float)[: rows * 8, : columns * 8] / 255
            blocks = pixels.reshape(rows, 8, columns, 8, 3).mean(axis=(1, 3))
            latents.append(np.moveaxis(np.concatenate([blocks, blocks[..., :1]], axis=2), 2, 0))
        own = 0.2 * _number(self.loaded or "a")
        drawn = 0.1 * self.generator.random((len(images), 1, 1, 1))
        return self._track("encode", np.stack(latents) * (0.9 - own) + own + drawn)

    def latent_upscale(self, latents: np.ndarray, upscale: Upscale) -> np.ndarray:
        self._call("latent_upscale")
        rows = np.arange(upscale.height // 8) * latents.shape[2] // (upscale.height // 8)
        columns = np.arange(upscale.width // 8) * latents.shape[3] // (upscale.width // 8)
        moved = 0.99 * latents[:, :, rows][:, :, :, columns] + 0.01 * _number(upscale.upscaler)
        return self._track("latent_upscale", moved)

    def pixel_upscale(self, images: list[Image.Image], upscale: Upscale) -> list[Image.Image]:
        self._call("pixel_upscale")
        self.generator.random(3)
        turn = int(_number(upscale.upscaler) * 255)
        size = (upscale.width, upscale.height)
        resized = [image.resize(size, Image.Resampling.BICUBIC) for image in images]
        return [image.point(lambda value: (value + turn) % 256) for image in resized]

    def sample(
        self, latents: np.ndarray, images: list[Image.Image] | None, node: Node, alone: int | None = None
    ) -> np.ndarray:
        self._call("sample")
        assert latents.shape == (BATCH if alone is None else 1, 4, node.height // 8, node.width // 8)
        assert node.sampling is not None and node.upscale is not None
        assert (images is None) == node.upscale.latent
        if images is not None:
            assert {image.size for image in images} == {(node.upscale.crop_width, node.upscale.crop_height)}
            latents = latents * (0.99 + 0.01 * self.generator.random())  # an inpainting model's conditioning
        return self._noised(latents, node, alone)

    def find_strength(self, start: SearchStart, node: Node, sought: Sought) -> Found:
        """A strength that the start decides: what it starts from, and how it was enlarged."""
        self._call("find_strength")
        assert node.auto is not None and len(start.before) == BATCH
        strength = round(0.3 + 0.5 * float(start.latents.mean()), 2) if self.strength is None else self.strength
        self.searched.append((node.text, strength))
        return Found(strength, 10 * strength, 7, ((0.3, 0.0), (9.0, 1.0)), (1.0, 0.0))

    def layout_ends(self, start: SearchStart, node: Node) -> Ends:
        self._call("layout_ends")
        return Ends(1.0, 0.2)

    def moved(self, start: SearchStart, node: Node, alone: int | None = None) -> np.ndarray:
        """What the start decides, another place for each image."""
        self._call("moved")
        assert len(start.latents) == (BATCH if alone is None else 1)
        return np.abs(start.latents - start.latents.mean((2, 3), keepdims=True)).mean(1)

    def direct(self, node: Node, alone: int | None = None) -> np.ndarray:
        self._call("direct")
        images = BATCH if alone is None else 1
        return self._noised(np.zeros((images, 4, node.height // 8, node.width // 8)), node, alone)

    def detail(self, images: list[Image.Image], node: Node) -> list[Image.Image]:
        self._call("detail")
        assert {image.size for image in images} == {(node.width, node.height)}
        return [image.point(lambda value: 255 - value) for image in images]

    def last_sampling(self) -> Sampled:
        return self.sampled

    def next_job(self, node: Node, text: str) -> None:
        self.jobs.append(text)
        self.alive_at_job.append(self.alive())

    def replanned(self, plan: Plan) -> None:
        self.plans.append(plan)

    def stopped(self) -> str | None:
        return self.reason if self.pressed and self.reason != "stopped" else None

    def ending(self) -> bool:
        return self.pressed and self.reason == "stopped"

    def failed(self, node: Node, error: Exception) -> None:
        self.failures.append((node.index, str(error)))

    def release(self) -> None:
        if self.failures and self.alive_after_failure is None:
            self.alive_after_failure = self.alive()

    def alive(self) -> list[str]:
        """The verbs whose latents somebody still holds."""
        return [verb for verb, latents in self.made if latents() is not None]

    def _call(self, verb: str) -> None:
        index = len(self.log)
        self.log.append(verb)
        self.pressed = self.pressed or index == self.stop_at
        if index == self.fail_at:
            rubbish = self._track("rubbish", np.zeros(3))
            raise Trouble(f"{verb} has no memory for {len(rubbish)} numbers")

    def _noised(self, latents: np.ndarray, node: Node, alone: int | None) -> np.ndarray:
        sampling = node.sampling
        assert sampling is not None
        self.sampled_steps += sampling.steps
        self.sampled = Sampled(
            float(sampling.total), 2 * sampling.steps if self.counts else None, layout_kept=self.layout_kept
        )
        seed = crc32(repr(sampling.key).encode())
        noise = np.random.default_rng(seed).random((BATCH, *latents.shape[1:]))
        noise = noise if alone is None else noise[alone : alone + 1]
        self.generator = np.random.default_rng(seed + 1)
        made = self._track("sample", 0.7 * latents + 0.3 * noise + 0.05 * _number(self.loaded or "a"))
        if (refiner := refiner_of(node)) is not None:
            self._call(f"load {refiner}")
            self.loaded = refiner
        self.models[id(made)] = self.loaded
        return made

    def made_by(self, latents: np.ndarray) -> str | None:
        """The model that sampled latents; None for others."""
        alive = any(each() is latents for _, each in self.made)
        return self.models.get(id(latents)) if alive else None

    def _track(self, verb: str, latents: np.ndarray) -> np.ndarray:
        self.made.append((verb, weakref.ref(latents)))
        return latents


def refiner_of(node: Node) -> str | None:
    name = node.sampling.refiner if node.sampling else None
    return None if name in (None, "off") else name


def _number(name: str) -> float:
    return crc32(name.encode()) % 1000 / 1000


def first_latents() -> np.ndarray:
    """The latents of a first pass; always the same."""
    return np.random.default_rng(1).random((BATCH, 4, SIZE[1] // 8, SIZE[0] // 8))


def first_picture() -> Picture:
    return Picture(latents=first_latents())


def plan_of(text: str, steps: int = 20) -> Plan:
    return make_plan(parse(text), FirstPass(*SIZE, steps, "Euler"))


def same_images(one: list[Image.Image] | None, other: list[Image.Image] | None) -> bool:
    """Whether two batches have the same sizes and bits."""
    if one is None or other is None:
        return one is other
    return [(image.size, image.tobytes()) for image in one] == [(image.size, image.tobytes()) for image in other]
