"""A plan: the tree of exact stages that strategies become after a first pass. `tree.py` makes it.

Integers and floats only: no tensors, no host.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from hires_strategies.auto import Auto
from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_SIDE
from hires_strategies.size_rules import ORDINARY, SizeRules
from hires_strategies.stage_options import NO_REFINER, OPTIONS, Option, Options
from hires_strategies.strategy import Strategy

from .sizes import Upscale
from .sought import Found, Sought
from .tiles import Tiles

# Left, top, right and bottom of a rectangle, in pixels of a finished stage.
Place = tuple[int, int, int, int]


@dataclass(frozen=True)
class FirstPass:
    """What the stages start from. `width`, `height` in pixels; what follows `steps` is None if unknown.

    The size is the requested one, which the host applies scales to; `made` is the size that comes out. `size_rules` are
    the host's with its model, for all stages. `refiner`: the one that finishes stages which give none,
    `refiner_of_direct` the same for Direct, which is txt2img; "off" for none. `refiner_at`: the share of a sampling, 0
    to 1, after which it takes over. `tile`: a side in pixels of what the loaded model was trained on.

    Raises StrategyError for a size or step count that is not a whole number from 1 to 1,000,000.
    """

    width: int
    height: int
    steps: int
    sampler: str | None = None
    scheduler: str | None = None
    cfg: float | None = None
    size_rules: SizeRules = ORDINARY
    distilled_cfg: float | None = None
    checkpoint: str | None = None
    refiner: str = NO_REFINER
    refiner_of_direct: str = NO_REFINER
    refiner_at: float | None = None
    tile: int = 512
    is_picture: bool = False

    def __post_init__(self) -> None:
        for name in ("width", "height", "steps"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= MAX_SIDE:
                raise StrategyError(
                    f"The first pass's number for '{name}' has to be a whole number from 1 to {MAX_SIDE}, "
                    f"found {value!r}."
                )

    @property
    def made(self) -> tuple[int, int]:
        """Width and height of what the stages start from: a generated first pass consists of whole latents."""
        size = self.width, self.height
        return size if self.is_picture else self.size_rules.whole(size)

    def given(self, option: Option, direct: bool) -> Any:
        """The value of a stage that does not give this option itself; None if it is not known, or nothing."""
        name = "refiner_of_direct" if direct and option.first_pass == "refiner" else option.first_pass
        return getattr(self, name) if name else None

    def sought(self, sampling: Sampling, upscale: Upscale, source: tuple[int, int]) -> Sought:
        """What the denoising strength of a stage is found for; `source` are the pixels before it."""
        scale = math.sqrt(upscale.width * upscale.height / (source[0] * source[1]))
        return Sought(
            sampling.checkpoint or self.checkpoint, upscale.upscaler, scale,
            self.cfg if sampling.cfg is None else sampling.cfg,
            self.distilled_cfg if sampling.distilled_cfg is None else sampling.distilled_cfg, sampling.control,
        )  # fmt: skip

    def refiner_of(self, sampling: Sampling) -> str | None:
        """The checkpoint that finishes a stage, None for none."""
        followed = self.refiner_of_direct if sampling.denoising_strength is None else self.refiner
        name = sampling.refiner or followed
        return None if name == NO_REFINER else name


@dataclass(frozen=True, kw_only=True)
class Sampling(Options):
    """Sampling after an upscale: the last `steps` of a schedule of `total` steps (the host's setup_img2img_steps).

    `total` equals `steps` for Direct, which starts from noise alone and has no denoising strength. With `auto` strength
    and `total` are to be found before the stage runs, and are those of a strength of 1 until then. `start_sigma` is set
    where the stage asks for one that no such schedule begins at, or if that is not known beforehand; it then has a list
    of sigmas of its own, and `denoising_strength` is the nearest one. An option is None if the first pass's value is
    used.
    """

    steps: int
    total: int
    denoising_strength: float | None
    start_sigma: float | None = None
    auto: Auto | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for samplings that give the same picture from the same start."""
        return (self.total, self.start_sigma, self.auto, *(getattr(self, option.field) for option in OPTIONS))


@dataclass(frozen=True)
class Node:
    """One stage with its exact size. `parent` is an index into the plan's stages, None for the first pass.

    `color_match`: whether its picture then gets the colors of what it started from; `detail`: whether other scripts
    work on it after that. `found`: how its denoising strength was found, None if it was given or is still to be found.
    `tiles`: those that it is sampled in, None if the model sees all of it at once. `places`: where it is sampled, empty
    for everywhere and for where its picture will say.

    `index` is its place in this plan; `id` stays the same while strengths are found and stages turn out equal.
    """

    index: int
    parent: int | None
    text: str
    width: int
    height: int
    upscale: Upscale | None
    sampling: Sampling | None
    color_match: bool = False
    detail: bool = False
    found: Found | None = None
    id: int = -1
    tiles: Tiles | None = None
    places: tuple[Place, ...] = ()

    @property
    def where(self) -> str | None:
        """Where it is sampled, as written; None for everywhere."""
        return self.sampling.where if self.sampling else None

    @property
    def auto(self) -> Auto | None:
        """How its denoising strength is still to be found."""
        return self.sampling.auto if self.sampling else None

    @property
    def steps(self) -> int:
        """Sampling steps; 0 if the stage only upscales."""
        return self.sampling.steps if self.sampling else 0

    @property
    def changed_as_picture(self) -> str:
        """The word of what then changes its pixels, the last one; "" if nothing does, and latents stay latents."""
        words = {"detail": self.detail, "color match": self.color_match, "where": self.where is not None}
        return next((word for word, changes in words.items() if changes), "")


def sought_alike(node: Node) -> Hashable:
    """Equal for stages for which the same strength is found, if they start from the same."""
    assert node.sampling is not None and node.sampling.auto is not None
    return node.upscale, replace(node.sampling, auto=Auto())


def alike_but_noise(node: Node) -> Hashable:
    """Equal for stages that differ in nothing but how much noise they start from, if they start from the same."""
    sampling = node.sampling and replace(node.sampling, total=0, denoising_strength=0, start_sigma=None, auto=None)
    return node.upscale, node.width, node.height, node.color_match, node.detail, sampling


@dataclass(frozen=True)
class Variant:
    """One strategy of a run: its canonical text, its last stage, and the first variant with the same picture."""

    text: str
    node: int
    same_as: int | None


@dataclass(frozen=True)
class Plan:
    """A tree of stages. Parents come before their children; the leaves of `variants` are in the order written.

    `told`: sentences on how stages start otherwise than by a step of their schedule, and on what was found, each with
    the stage's index. `strategies` have the strengths that were found.
    """

    first_pass: FirstPass
    variants: tuple[Variant, ...]
    stages: tuple[Node, ...]
    strategies: tuple[Strategy, ...]
    told: tuple[tuple[int, str], ...] = ()

    def children(self, parent: int | None) -> list[Node]:
        return [node for node in self.stages if node.parent == parent]

    def path(self, index: int) -> list[Node]:
        """The stages from the first one to `index`."""
        path = [self.stages[index]]
        while path[0].parent is not None:
            path.insert(0, self.stages[path[0].parent])
        return path

    def sought(self, node: Node) -> Sought:
        """What the denoising strength of a sampled stage is found for."""
        assert node.upscale is not None and node.sampling is not None
        return self.first_pass.sought(node.sampling, node.upscale, self.source(node))

    def source(self, node: Node) -> tuple[int, int]:
        """The pixels of the picture that a stage starts from."""
        parent = None if node.parent is None else self.stages[node.parent]
        return (parent.width, parent.height) if parent else self.first_pass.made

    def searches(self) -> list[Node]:
        """The stages before which a strength is looked for, one for all that differ in nothing else."""
        each = {(node.parent, sought_alike(node)): node for node in reversed(self.stages) if node.auto}
        return list(each.values())[::-1]

    def subtree(self, index: int) -> list[Node]:
        """The stage `index` and all that follow it."""
        found = {index}
        for node in self.stages[index + 1 :]:
            if node.parent in found:
                found.add(node.index)
        return [node for node in self.stages if node.index in found]

    def strategy_to(self, index: int, through: int | None = None) -> Strategy:
        """The strategy that ends at a stage, as worded by the first one that goes `through` a stage after it.

        Others may word the same picture differently.
        """
        depth, last = len(self.path(index)), index if through is None else through
        for variant, strategy in zip(self.variants, self.strategies, strict=True):
            if last in {node.index for node in self.path(variant.node)}:
                return Strategy(strategy.stages[:depth])
        raise ValueError(f"Stage {index} belongs to no variant.")

    @property
    def needs_first_pass(self) -> bool:
        return any(strategy.needs_first_pass for strategy in self.strategies)
