"""Strategies + the first pass's size and steps -> the plan's tree. All rounding happens here.

Equal stages become one node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hires_strategies.errors import StrategyError
from hires_strategies.limits import DEFAULT_LIMITS, MAX_SCHEDULE, Limits
from hires_strategies.notation.text import format_stage, format_strategy
from hires_strategies.stage_options import OPTIONS
from hires_strategies.strategy import Stage, Strategy

from .few_steps import Steps, check_steps
from .plan import FirstPass, Node, Plan, Sampling, Variant
from .sizes import Upscale, output_size, resolve_upscale

T = TypeVar("T")


def make_plan(strategies: Sequence[Strategy], first_pass: FirstPass, limits: Limits = DEFAULT_LIMITS) -> Plan:
    """The tree for `strategies` after `first_pass`. Raises StrategyError for a size outside the limits."""
    if not strategies:
        raise StrategyError("There is no strategy to plan.")
    if len(strategies) > limits.variants:
        raise StrategyError(f"{len(strategies)} variants are more than {limits.variants}, the limit (a setting).")
    tree = _Tree(first_pass, limits)
    variants: list[Variant] = []
    first_with: dict[int, int] = {}
    for index, strategy in enumerate(strategies):
        leaf = tree.add(strategy)
        variants.append(Variant(format_strategy(strategy), leaf, first_with.get(leaf)))
        first_with.setdefault(leaf, index)
    return Plan(first_pass, tuple(variants), tuple(tree.nodes), tuple(strategies))


class _Tree:
    """Nodes found so far, by what makes them equal."""

    def __init__(self, first_pass: FirstPass, limits: Limits) -> None:
        self.first_pass = first_pass
        self.limits = limits
        self.nodes: list[Node] = []
        self.known: dict[tuple[object, ...], int] = {}

    def add(self, strategy: Strategy) -> int:
        parent: int | None = None
        for index, stage in enumerate(strategy.stages):
            try:
                parent = self._node(stage, parent)
            except StrategyError as error:
                raise (error.at(*strategy.places[index]) if strategy.places else error) from None
        assert parent is not None
        return parent

    def _node(self, stage: Stage, parent: int | None) -> int:
        source, rules = (self.first_pass.width, self.first_pass.height), self.first_pass.size_rules
        if parent is not None:
            source = (self.nodes[parent].width, self.nodes[parent].height)
        upscale = None if stage.is_direct else resolve_upscale(stage, source, rules)
        sampling = self._sampling(stage)
        width, height = output_size(stage, source, upscale, rules)
        self._check(stage, source, (width, height), upscale)
        detail = bool(stage.detail)
        key = (parent, upscale, (width, height), sampling.key if sampling else None, detail)
        if key not in self.known:
            self.known[key] = len(self.nodes)
            text = format_stage(stage)
            self.nodes.append(Node(len(self.nodes), parent, text, width, height, upscale, sampling, detail))
        return self.known[key]

    def _sampling(self, stage: Stage) -> Sampling | None:
        if not stage.is_sampled:
            return None
        base = self.first_pass
        steps = stage.steps or base.steps
        total = schedule_length(steps, stage.denoising_strength) if stage.denoising_strength else steps
        if total > MAX_SCHEDULE:
            raise StrategyError(
                f"The denoising strength of '{format_stage(stage)}' is too low: its {steps} steps would be the last of "
                f"more than {MAX_SCHEDULE}.",
                field="denoising_strength",
            )
        options: dict[str, Any] = {
            option.field: _unless_equal(getattr(stage, option.field), getattr(base, option.first_pass or "", None))
            for option in OPTIONS
        }
        runs = Steps(
            stage.sampler or base.sampler, stage.scheduler or base.scheduler, steps, total, not stage.is_direct
        )
        check_steps(f"'{format_stage(stage)}'", runs, self.limits)
        return Sampling(**{**options, "steps": steps}, total=total, denoising_strength=stage.denoising_strength)

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
