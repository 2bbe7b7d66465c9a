"""What the section shows below the text: the same plan that will run, in words, or the error and its place."""

from __future__ import annotations

from html import escape
from typing import Any

from modules import scripts

from hires_strategies.control_units import ControlUnits
from hires_strategies.errors import StrategyError
from hires_strategies.lines import split_lines
from hires_strategies.notation.text import parse
from hires_strategies.planning.cost import plan_cost
from hires_strategies.planning.keepers import worth_it
from hires_strategies.planning.plan import Node, Plan, check_first_pass, make_plan
from hires_strategies.planning.report import remarks
from hires_strategies.stage_options import OPTIONS, Flag, Number, Option, Text
from hires_strategies.strategy import Stage
from hires_strategies.webui.files import timing_file
from hires_strategies.webui.generation.learnt_times import model_kind
from hires_strategies.webui.host.expansion import expanders, is_the_hosts_own, left_in
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.host.sigmas import Schedules
from hires_strategies.webui.host.stage_prompts import texts_of, unfilled_sentence
from hires_strategies.webui.settings import limits

from .values import Values, first_pass_of, number_in

_MOST_SHOWN = 12  # variants; a sweep of 64 would push the page away


def preview(text: str, values: Values) -> str:
    """HTML for the plan of `text` after the first pass that the page's `values` (see events.HOST_FIELDS) describe."""
    try:
        plan = plan_of(text, values)
    except StrategyError as error:
        return _error(text, error)
    cost = plan_cost(plan, timing_file().evaluations())
    parts = [_first_pass(plan, values), _variants(plan)]
    parts += [f'<p class="hires-strategies-remark">{escape(remark)}</p>' for remark in remarks(plan)[:_MOST_SHOWN]]
    parts += [_unfilled(plan), _cost(plan, values, cost)]
    without, with_strategy = number_in(values, "keepers_without", 0), number_in(values, "keepers_with", 0)
    parts.append(f'<p class="hires-strategies-worth">{escape(worth_it(without, with_strategy, cost))}</p>')
    return "".join(parts)


def plan_of(text: str, values: Values) -> Plan:
    """The plan for the page's current state. Raises StrategyError."""
    strategies = parse(text, host_vocabulary(limits()))
    plan = make_plan(strategies, first_pass_of(values), limits())
    if plan.needs_first_pass:
        check_first_pass(plan.first_pass, limits())
    return plan


def _error(text: str, error: StrategyError) -> str:
    lines = split_lines(text)
    place = ""
    if error.line is not None and error.column is not None and error.line <= len(lines):
        line, index = lines[error.line - 1], error.column - 1
        marked = line[index : index + 1].strip() or "\N{OPEN BOX}"
        place = (
            f'<pre class="hires-strategies-place">{escape(line[:index])}<mark>{escape(marked)}</mark>'
            f"{escape(line[index + 1 :])}</pre>"
        )
    return f'<div class="hires-strategies-error" role="alert">{escape(str(error))}{place}</div>'


def _first_pass(plan: Plan, values: Values) -> str:
    first = plan.first_pass
    if not plan.needs_first_pass:
        return "<p>No first pass.</p>"
    start = "Hires. fix's result" if values.get("hr") else "First pass"
    size = (first.width, first.height)
    asked = "" if first.made == size else f" (asked for {_size(*size)})"
    return f"<p>{start}: {_size(*first.made)}{asked}, then</p>"


def _variants(plan: Plan) -> str:
    items, schedules = [], Schedules()
    for variant, strategy in list(zip(plan.variants, plan.strategies, strict=True))[:_MOST_SHOWN]:
        path = zip(plan.path(variant.node), strategy.stages, strict=True)
        words = ", then ".join(_stage(plan, node, asked, schedules) for node, asked in path)
        if variant.same_as is not None:
            words += f" <em>(the same picture as {variant.same_as + 1}, made once)</em>"
        items.append(f"<li>{words}</li>")
    more = len(plan.variants) - _MOST_SHOWN
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f'<ol class="hires-strategies-variants">{"".join(items)}</ol>{rest}'


def _unfilled(plan: Plan) -> str:
    """A note on what no installed extension expands in a stage's own prompt."""
    runner = scripts.scripts_txt2img
    if any(not is_the_hosts_own(script) for script in expanders(runner.alwayson_scripts if runner else ())):
        return ""
    texts = texts_of([node.sampling for node in plan.stages if node.sampling])
    found = next((left for text in texts if (left := left_in(text))), None)
    return f'<p class="hires-strategies-remark">{escape(unfilled_sentence(found))}</p>' if found else ""


def _stage(plan: Plan, node: Node, asked: Stage, schedules: Schedules) -> str:
    """One stage in words. `asked` is what the user wrote: the node may stem from another wording of the picture."""
    if node.upscale is None:
        what = f"txt2img at <b>{_size(node.width, node.height)}</b>"
    else:
        name = "Plain resize" if node.upscale.upscaler == "None" else escape(node.upscale.upscaler)
        what = f"{name} to <b>{_size(node.width, node.height)}</b>"
    sampling = node.sampling
    if sampling is None:
        return f"{what} without sampling"
    what += f", {sampling.steps} steps"
    if sampling.denoising_strength is not None:
        what += f" at denoising strength {asked.denoising_strength:g}"
        sigma = schedules.start(sampling, plan.first_pass)
        what += f" (start sigma {sigma:.2f})" if sigma is not None else ""
    own = [option for option in OPTIONS if option.field != "steps" and getattr(sampling, option.field) is not None]
    named = [_option(option, getattr(sampling, option.field)) for option in own]
    return f"{what} with {escape(', '.join(named))}" if named else what


def _option(option: Option, value: Any) -> str:
    """An option that the stage itself gives, in words."""
    if isinstance(option.kind, Text):
        return f"its own {option.name}"
    if isinstance(option.kind, (Flag, ControlUnits)):
        return option.written(str(value))
    return f"{option.name} {value:g}" if isinstance(option.kind, Number) else str(value)


def _cost(plan: Plan, values: Values, cost: float) -> str:
    largest = max(plan.stages, key=lambda node: node.width * node.height)
    images, batches = (max(int(number_in(values, name, 1)), 1) for name in ("batch_size", "batch_count"))
    seconds = timing_file().estimate(plan, model_kind(), images)
    words = f"About <b>{cost:.1f}</b> first passes of sampling"
    if seconds is not None:
        words += f"; <b>{_duration(seconds * batches)}</b> on this machine, learnt from your last runs"
    return (
        f'<p class="hires-strategies-cost">{words}; peak memory grows with {_size(largest.width, largest.height)}.</p>'
    )


def _size(width: int, height: int) -> str:
    return f"{width} \N{MULTIPLICATION SIGN} {height}"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
