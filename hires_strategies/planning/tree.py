"""Strategies + the first pass's size and steps -> the plan's tree. All rounding happens here.

Equal stages become one node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from hires_strategies.errors import StrategyError
from hires_strategies.limits import DEFAULT_LIMITS, MAX_SCHEDULE, Limits
from hires_strategies.notation.text import format_stage, format_strategy
from hires_strategies.samplers import find_sampler
from hires_strategies.stage_options import OPTIONS
from hires_strategies.strategy import Stage, Strategy

from .few_steps import Steps, check_steps
from .lockable import check_lock
from .places import places_of
from .plan import FirstPass, Node, Plan, Sampling, Variant
from .schedules import FORMULAS
from .sizes import Upscale, output_size, resolve_upscale
from .sought import Finds, Found, far_sentence, found_sentence
from .start import (
    SigmaOf,
    Starts,
    find_start,
    is_far,
    longest_of,
    nearest,
    nearest_sentence,
    nearest_strength,
    own_sentence,
    strength_of,
    written,
)
from .tiling import in_tiles

T = TypeVar("T")


def make_plan(
    strategies: Sequence[Strategy],
    first_pass: FirstPass,
    limits: Limits = DEFAULT_LIMITS,
    starts: Starts = FORMULAS,
    finds: Finds = MappingProxyType({}),
) -> Plan:
    """The tree for `strategies` after `first_pass`.

    `finds`: denoising strengths that were found while it ran so far. Raises StrategyError for a size outside the
    limits, and for a start sigma outside those of `starts`.
    """
    if not strategies:
        raise StrategyError("There is no strategy to plan.")
    if len(strategies) > limits.variants:
        raise StrategyError(f"{len(strategies)} variants are more than {limits.variants}, the limit (a setting).")
    tree = _Tree(first_pass, limits, starts)
    variants: list[Variant] = []
    first_with: dict[int, int] = {}
    exact: list[Strategy] = []
    for index, strategy in enumerate(strategies):
        here = {depth: found for (which, depth), found in finds.items() if which == index}
        resolved, leaf = tree.add(strategy, here)
        exact.append(resolved)
        variants.append(Variant(format_strategy(resolved), leaf, first_with.get(leaf)))
        first_with.setdefault(leaf, index)
    told = tuple(dict.fromkeys(tree.told))
    return Plan(first_pass, tuple(variants), tuple(tree.nodes), tuple(exact), told)


class _Tree:
    """Nodes found so far, by what makes them equal."""

    def __init__(self, first_pass: FirstPass, limits: Limits, starts: Starts) -> None:
        self.first_pass = first_pass
        self.limits = limits
        self.starts = starts
        self.told: list[tuple[int, str]] = []
        self.sentences: list[str] = []  # on the stage that is being added
        self.nodes: list[Node] = []
        self.known: dict[tuple[object, ...], int] = {}

    def add(self, strategy: Strategy, finds: Mapping[int, Found]) -> tuple[Strategy, int]:
        """The strategy with the strengths that are known for it, and its last node. `finds` are by stage."""
        parent: int | None = None
        stages = []
        for index, stage in enumerate(strategy.stages):
            try:
                exact, parent = self._node(stage, parent, index, finds.get(index))
                stages.append(exact)
            except StrategyError as error:
                raise (error.at(*strategy.places[index]) if strategy.places else error) from None
        assert parent is not None
        return replace(strategy, stages=tuple(stages)), parent

    def _node(self, stage: Stage, parent: int | None, depth: int, found: Found | None) -> tuple[Stage, int]:
        source, rules = (self.first_pass.width, self.first_pass.height), self.first_pass.size_rules
        if parent is not None:
            source = (self.nodes[parent].width, self.nodes[parent].height)
        upscale = None if stage.is_direct else resolve_upscale(stage, source, rules)
        sampling = self._sampling(stage)
        if sampling and sampling.auto and upscale:
            found = found or self._remembered(sampling, upscale, source)
            if found is not None:
                strength = max(sampling.auto.strength(found.strength), self._lowest(sampling))
                what = f"'{format_stage(stage)}'" if not depth else f"Stage {depth + 1}, '{format_stage(stage)}'"
                stage = replace(stage, denoising_strength=strength)
                sampling = self._sampling(stage)
                self.sentences += [found_sentence(what, found, strength), *self._far(sampling, found)]
        width, height = output_size(stage, source, upscale, rules)
        self._check(stage, source, (width, height), upscale)
        places = places_of(sampling, upscale, self._made(parent), (width, height))
        sampling, tiles = in_tiles(sampling, (width, height), self.first_pass, places)
        after = bool(stage.color_match), bool(stage.detail)
        key = (parent, upscale, (width, height), sampling.key if sampling else None, after)
        if key not in self.known:
            self.known[key] = len(self.nodes)
            text = format_stage(stage)
            index = len(self.nodes)
            node = Node(index, parent, text, width, height, upscale, sampling, *after, found, index, tiles, places)
            self.nodes.append(node)
        elif found is not None:
            self.nodes[self.known[key]] = replace(self.nodes[self.known[key]], found=found)
        self.told += [(self.known[key], sentence) for sentence in self.sentences]
        self.sentences = []
        return stage, self.known[key]

    def _made(self, parent: int | None) -> tuple[int, int]:
        """The pixels of the picture that a stage starts from."""
        return self.first_pass.made if parent is None else (self.nodes[parent].width, self.nodes[parent].height)

    def _sampling(self, stage: Stage) -> Sampling | None:
        if not stage.is_sampled:
            return None
        base = self.first_pass
        steps = stage.steps or base.steps
        strength = 1.0 if isinstance(stage.denoising_strength, str) else stage.denoising_strength
        total = schedule_length(steps, strength) if strength else steps
        if total > MAX_SCHEDULE:
            raise StrategyError(
                f"The denoising strength of '{format_stage(stage)}' is too low: its {steps} steps would be the last of "
                f"more than {MAX_SCHEDULE}.",
                field="denoising_strength",
            )
        options: dict[str, Any] = {
            option.field: _unless_equal(getattr(stage, option.field), base.given(option, stage.is_direct))
            for option in OPTIONS
        }
        runs = Steps(
            stage.sampler or base.sampler, stage.scheduler or base.scheduler, steps, total, not stage.is_direct
        )
        check_steps(f"'{format_stage(stage)}'", runs, self.limits)
        if stage.lock:
            check_lock(f"'{format_stage(stage)}'", runs.sampler)
        made = Sampling(**{**options, "steps": steps}, total=total, denoising_strength=strength, auto=stage.auto)
        made = made if base.refiner_of(made) else replace(made, refiner_at=None)
        return made if stage.start_sigma is None else self._starting_at(written(stage.start_sigma), stage, made)

    def _far(self, sampling: Sampling | None, found: Found) -> list[str]:
        if sampling is None or sampling.denoising_strength != found.strength:
            return []
        start = self._sigma_of(sampling)(sampling.total)
        return [] if start is None or not is_far(start, found.sigma) else [far_sentence(found, written(start))]

    def _remembered(self, sampling: Sampling, upscale: Upscale, source: tuple[int, int]) -> Found | None:
        """What was found before, as a strength; None if nothing was, or if this schedule is not known beforehand."""
        assert sampling.auto is not None
        sought = self.first_pass.sought(sampling, upscale, source)
        sigma = self.starts.remembered(sought, sampling.auto.anew)
        strength = None
        if sigma is not None:
            longest = longest_of(sampling.sampler or self.first_pass.sampler)
            strength = nearest_strength(sigma, sampling.steps, self._sigma_of(sampling), longest)
        return None if sigma is None or strength is None else Found(strength, sigma)

    def _lowest(self, sampling: Sampling) -> float:
        """The lowest strength that the sampler takes, which what is beside a found one may be below."""
        row = find_sampler(sampling.sampler or self.first_pass.sampler or "")
        return strength_of(sampling.steps, row.longest) if row and row.longest else 0.0

    def _sigma_of(self, sampling: Sampling) -> SigmaOf:
        def sigma_of(total: int) -> float | None:
            return self.starts.sigma_of(
                replace(sampling, total=total, denoising_strength=1, auto=None), self.first_pass
            )

        return sigma_of

    def _starting_at(self, sigma: float, stage: Stage, sampling: Sampling) -> Sampling:
        """The sampling of a stage that begins at a sigma: by a schedule of another length, or by a list of its own."""
        text, steps = f"'{format_stage(stage)}'", sampling.steps
        sigma_of = self._sigma_of(sampling)
        try:
            found = find_start(sigma, steps, sigma_of, longest_of(stage.sampler or self.first_pass.sampler))
        except StrategyError as error:
            raise StrategyError(f"{text} cannot start there. {error.message}", field=error.field) from None
        if found is None:
            return replace(sampling, denoising_strength=1, start_sigma=sigma)
        own = not found.hit and self.starts.own_list(sampling, self.first_pass)
        if own:
            self.sentences.append(own_sentence(text))
        elif not found.hit:
            found = nearest(sigma, found, sigma_of)
            self.sentences.append(nearest_sentence(text, found.sigma))
        strength = strength_of(steps, found.total)
        return replace(sampling, total=found.total, denoising_strength=strength, start_sigma=sigma if own else None)

    def _check(self, stage: Stage, source: tuple[int, int], size: tuple[int, int], upscale: Upscale | None) -> None:
        rules = self.first_pass.size_rules
        made = f"'{format_stage(stage)}' makes {size[0]}x{size[1]} pixels here"
        before_crop = (upscale.width, upscale.height) if upscale else size
        if max(*size, *before_crop) > self.limits.longest_side:
            if max(size) <= self.limits.longest_side:
                made += f", cut out of an upscale to {before_crop[0]}x{before_crop[1]}"
            raise StrategyError(f"{made}, and the longest side may have {self.limits.longest_side} (a setting).")
        smallest = rules.smallest if stage.is_sampled or stage.is_latent else 1
        if min(size) < smallest:
            raise StrategyError(f"{made}, and a side needs at least {smallest}.")
        if stage.is_latent and min(source) < rules.factor:
            raise StrategyError(
                f"'{format_stage(stage)}' starts from {source[0]}x{source[1]} pixels here, and a side of it "
                f"needs at least {rules.factor}."
            )


def check_first_pass(first: FirstPass, limits: Limits = DEFAULT_LIMITS) -> None:
    """Raises StrategyError if a first pass that will be computed has too few steps for its sampler."""
    check_steps("The first pass", Steps(first.sampler, first.scheduler, first.steps, first.steps, False), limits)


def schedule_length(steps: int, denoising_strength: float) -> int:
    """Length of the schedule whose last `steps` steps run: the host's sd_samplers_common.setup_img2img_steps.

    At most MAX_SCHEDULE + 1, because the strength may be as small as a float can be.
    """
    return int(min(steps / min(denoising_strength, 0.999), MAX_SCHEDULE + 1))


def _unless_equal(value: T, base: object) -> T | None:
    """None if a stage names the value that the first pass has anyway, so that both spellings give one node."""
    return None if value == base else value
