"""A plan in full, as the section shows it below "What will run": the variants, what merges, what the words mean."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from hires_strategies.planning.plan import Node, Plan
from hires_strategies.planning.report import loading, start_of, strength_of
from hires_strategies.planning.sought import TO_FIND
from hires_strategies.stage_options import OPTIONS, Option
from hires_strategies.strategy import Stage
from hires_strategies.value_kinds import Flag, Number, Text
from hires_strategies.webui.host.forks.upscalers import whose
from hires_strategies.webui.host.sigmas import Schedules
from hires_strategies.worded import Worded
from hires_strategies.wording import shorten

MOST_SHOWN = 12  # variants; a sweep of 64 would push the page away
_SIGMA = (
    "How much noise the stage starts from, as a multiple of the picture: the more, the less of it stays. The same "
    "denoising strength is a different amount of noise with another schedule type or model."
)
_WORDS = "A variant is one finished picture. Costs are in first passes of this image."
_SIGMA_WORDS = (
    "The start sigma is how much noise a stage starts from, which the denoising strength stands for: compare it where "
    "schedule types or models differ, and write it as @sigma 1.5 to start there."
)


def what_runs(plan: Plan, before: Plan | None, price: str, start: str) -> str:
    """HTML for a plan. `before`: see cost.plan_cost; `price`: see `price_in_full`; `start`: what the stages go on
    from."""
    variants = _variants(plan)
    words = f"{_WORDS} {_SIGMA_WORDS}" if "start sigma" in variants else _WORDS
    explained = f'<p class="hires-strategies-small">{words}</p>'
    return _first_pass(plan, before, start) + variants + price + explained


def size(width: int, height: int) -> str:
    return f"{width}\N{MULTIPLICATION SIGN}{height}"


def duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@dataclass(frozen=True)
class Price:
    """What a run costs in first passes, from `least` to `cost` (stages may turn out equal once their strengths are
    found), and in seconds, None if that is not known."""

    least: float
    cost: float
    seconds: float | None

    @property
    def passes(self) -> str:
        """HTML."""
        both = (self.least, self.cost)
        least, most = (f"{cost:.0f}" if cost >= 10 else f"{cost:.1f}".removesuffix(".0") for cost in both)
        numbers = f"<b>{most}</b>" if least == most else f"<b>{least}</b> to <b>{most}</b>"
        return f"{numbers} first pass{'' if least == most == '1' else 'es'}"


def _first_pass(plan: Plan, before: Plan | None, start: str) -> str:
    if not plan.needs_first_pass:
        return "<p>No first pass.</p>"
    first = before.first_pass if before else plan.first_pass
    asked = "" if first.made == (first.width, first.height) else f" (asked for {size(first.width, first.height)})"
    hires = f", by Hires. fix to {size(*plan.first_pass.made)}" if before else ""
    return f"<p>{start}: {size(*first.made)}{asked}{hires}, then</p>"


def _variants(plan: Plan) -> str:
    items, schedules = [], Schedules()
    for variant, strategy in list(zip(plan.variants, plan.strategies, strict=True))[:MOST_SHOWN]:
        path = zip(plan.path(variant.node), strategy.stages, strict=True)
        words = ", then ".join(_stage(plan, node, asked, schedules) for node, asked in path)
        if variant.same_as is not None:
            words += f" <em>(the same picture as {variant.same_as + 1}, made once)</em>"
        items.append(f"<li>{words}</li>")
    more = len(plan.variants) - MOST_SHOWN
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f'<ol class="hires-strategies-variants">{"".join(items)}</ol>{rest}'


def _stage(plan: Plan, node: Node, asked: Stage, schedules: Schedules) -> str:
    """One stage in words. `asked` is what the user wrote: the node may stem from another wording of the picture."""
    if node.upscale is None:
        what = f"txt2img at <b>{size(node.width, node.height)}</b>"
    else:
        name, of = node.upscale.upscaler, whose(node.upscale.upscaler)
        what = f"{escape(name)}{f' (of {of})' if of else ''} to <b>{size(node.width, node.height)}</b>"
    sampling = node.sampling
    if sampling is None:
        return f"{what} without sampling"
    what += f", {sampling.steps} steps"
    if sampling.denoising_strength is not None:
        strength = strength_of(node, plan.first_pass, schedules.start)
        sigma = start_of(node, plan.first_pass, schedules.start)
        what += _sought(node) if node.auto else _strength(node, asked, strength, sigma)
    own = [option for option in OPTIONS if option.field != "steps" and getattr(sampling, option.field) is not None]
    named = [_option(option, getattr(sampling, option.field)) for option in own]
    return f"{what} with {escape(', '.join(named))}" if named else what


def _sought(node: Node) -> str:
    """The denoising strength of a stage for which one is still to be found."""
    assert node.auto is not None
    return f" at denoising strength <b>{escape(node.auto.text)}</b>: {TO_FIND}"


def _strength(node: Node, asked: Stage, strength: float | None, sigma: float | None) -> str:
    """Denoising strength and start sigma, first the one that was asked for, then the other one if it is known."""
    named = f'<span title="{escape(_SIGMA)}">start sigma</span>'
    if asked.start_sigma is None:
        where = f" ({named} {sigma:.2f})" if sigma else ""
        return f" at denoising strength {asked.denoising_strength:g}{_found(node, where)}"
    found = "" if strength is None else f" (denoising strength {strength:g})"
    return f" at {named} {asked.start_sigma:g}{found}"


def _found(node: Node, where: str) -> str:
    """`where` it starts, with how its strength was found if it was."""
    strength = node.sampling.denoising_strength if node.sampling else None
    if node.found is None or strength is None:
        return where
    if strength == node.found.strength:
        return f", found for this checkpoint{where}"
    side = "below" if strength < node.found.strength else "above"
    return f", {side} the {node.found.strength:g} found for this checkpoint{where}"


def _option(option: Option, value: Any) -> str:
    """An option that the stage itself gives, in words."""
    if isinstance(option.kind, Text):
        return f"its own {option.name}"
    if isinstance(option.kind, (Flag, Worded)):
        return shorten(option.written(str(value)))
    if isinstance(option.kind, Number):
        return f"{option.name} {value if isinstance(value, str) else f'{value:g}'}"
    return f"{option.name} {value}" if option.kind.of in ("checkpoint", "refiner") else str(value)


def price_in_full(plan: Plan, price: Price) -> str:
    """HTML: the price, and what decides the memory."""
    largest = max(plan.stages, key=lambda node: node.width * node.height)
    words = f"About {price.passes} of sampling{escape(loading(plan))}"
    if price.seconds is not None:
        words += f"; <b>{duration(price.seconds)}</b> on this machine, learnt from your last runs"
    return f"<p>{words}; peak memory grows with {size(largest.width, largest.height)}.</p>"
