"""What the section says of the text: the plan that will run, in one line and in full, or the error and its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from modules import scripts

from hires_strategies.errors import StrategyError
from hires_strategies.lines import split_lines
from hires_strategies.notation.text import parse
from hires_strategies.planning.cost import least_cost, plan_cost
from hires_strategies.planning.keepers import worth_it
from hires_strategies.planning.order import model_changes
from hires_strategies.planning.plan import Plan
from hires_strategies.planning.report import remarks, warnings
from hires_strategies.planning.shown import starts_on_line
from hires_strategies.planning.sought import EVALUATIONS, REMEMBERED
from hires_strategies.planning.suggestions import suggestions
from hires_strategies.planning.timing import search_tasks, tasks_of
from hires_strategies.planning.tree import check_first_pass, make_plan
from hires_strategies.webui.files import remembered_file, timing_file
from hires_strategies.webui.generation.learnt_times import model_kind
from hires_strategies.webui.generation.less_memory import foreseen_here, forget_here
from hires_strategies.webui.host.expansion import expanders, is_the_hosts_own, left_in
from hires_strategies.webui.host.forks.guidance import heeds_distilled_cfg
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.host.sigmas import Schedules, loaded_model
from hires_strategies.webui.host.stage_prompts import texts_of, unfilled_sentence
from hires_strategies.webui.settings import limits

from .from_hires_fix import hires_fix_plan
from .start_from import as_started, is_given
from .values import Values, first_pass_of, number_in
from .what_runs import MOST_SHOWN, Price, duration, price_in_full, size, what_runs

_ARROW = " \N{RIGHTWARDS ARROW} "
_VARIANTS = "A variant is one finished picture: a strategy with one value of each sweep."
_COST = (
    "How often this image's first pass could be sampled for the price of the whole run, its own first pass included: "
    "so many other seeds you could have seen."
)
_FOUND = (
    "How much noise this checkpoint bears before it draws another picture: found before, or chosen by you. See and "
    "change it under Found strengths."
)
_LOOKING = (
    "The model is asked seven times at the size of the stage, without drawing a picture, how much of the layout would "
    "stay. Afterwards the strength is remembered for this checkpoint."
)
_AGAIN = (
    "Forget what did not fit with this model: another program may have held the memory, or there is more of it now."
)
_LOADS = "How often a checkpoint or refiner is loaded for the stages, going back included; no time here contains it."


@dataclass(frozen=True)
class Preview:
    """HTML: the line that people decide by (or the error), all that will run, and whether a second pass is worth it."""

    line: str
    plan: str = ""
    worth: str = ""

    @property
    def whole(self) -> str:
        return self.line + self.plan + self.worth


def preview(text: str, values: Values, chosen: int = 0) -> Preview:
    """What `text` does after the first pass that the page's `values` (see host_fields.HOST_FIELDS) describe. `chosen`:
    which of its lines that are not blank the rows show, from 0 on."""
    values, start = as_started(values)
    try:
        plan, before = plan_of(text, values), hires_fix_plan(values)
    except StrategyError as error:
        return Preview(_error(text, error))
    price = _price_of(plan, before, values)
    told = [
        *([start] if start else []),
        *warnings(plan),
        *[sentence for sentence in remarks(plan) if not sentence.endswith(REMEMBERED)][:MOST_SHOWN],
        *suggestions(plan),
        *_unfilled(plan),
        *_unheeded(plan),
    ]
    notes = _less_memory(plan, values)
    notes += "".join(f'<p class="hires-strategies-remark">{escape(sentence)}</p>' for sentence in told)
    line = f"<span>{_sizes(plan, before)}{_found(plan)}</span><span>{_price(price, model_changes(plan))}</span>"
    return Preview(
        f'<p class="hires-strategies-line" data-starts="{_starts(plan, text, chosen)}">{line}</p>{notes}',
        what_runs(plan, before, price_in_full(plan, price), "The picture" if is_given(values) else "First pass"),
        f"<p>{escape(_worth(plan, values, price.cost))}</p>",
    )


def _starts(plan: Plan, text: str, chosen: int) -> str:
    """What the stages of a line start from, for javascript/paint_where.mjs; as JSON."""
    numbers = [number for number, line in enumerate(split_lines(text), start=1) if line.strip()]
    return json.dumps(starts_on_line(plan, numbers[chosen]) if chosen < len(numbers) else [])


def _less_memory(plan: Plan, values: Values) -> str:
    """What will be done with less memory, with a button beside it that forgets why (javascript/try_whole.mjs)."""
    told = foreseen_here(plan, _whole(values, "batch_size"))[:MOST_SHOWN]
    button = f' <button type="button" class="hires-strategies-try-whole" title="{_AGAIN}">Try whole again</button>'
    shown = [f"{escape(sentence)}{button if sentence == told[-1] else ''}" for sentence in told]
    return "".join(f'<p class="hires-strategies-remark">{sentence}</p>' for sentence in shown)


def try_whole(_: Any) -> str:
    """What the page says once the button was pressed."""
    try:
        forget_here()
    except StrategyError as error:
        return error.message
    return "The next run tries it whole again."


def plan_of(text: str, values: Values) -> Plan:
    """The plan for the page's current state. Raises StrategyError."""
    strategies = parse(text, host_vocabulary(limits()))
    starts = replace(Schedules().starts, remembered=remembered_file().lookup())
    plan = make_plan(strategies, first_pass_of(values), limits(), starts)
    if plan.needs_first_pass:
        check_first_pass(plan.first_pass, limits())
    return plan


def _price_of(plan: Plan, before: Plan | None, values: Values) -> Price:
    """What the whole run costs."""
    timing, images, learnt = timing_file(), _whole(values, "batch_size"), timing_file().evaluations()
    least, most = least_cost(plan, learnt, before), plan_cost(plan, learnt, before)
    if is_given(values) and plan.needs_first_pass:
        least, most = least - 1, most - 1
        each = timing.seconds([*tasks_of(plan, images, learnt)[1:], *search_tasks(plan, images)], model_kind())
        seconds = None if None in each else sum(spent for spent in each if spent is not None)
    else:
        seconds = timing.estimate(plan, model_kind(), images, before)
    if seconds is None:
        return Price(least, most, None)
    looking = sum(spent or 0 for spent in timing.seconds(search_tasks(plan, images), model_kind()))
    return Price(least, most, (seconds - looking) * _whole(values, "batch_count") + looking)  # the first batch looks


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


def _sizes(plan: Plan, before: Plan | None) -> str:
    """The sizes on the way, where all variants take the same one; else the first size and the range of the last."""
    paths = [plan.path(variant.node) for variant in plan.variants]
    ways = list(dict.fromkeys(tuple((node.width, node.height) for node in path) for path in paths))
    start = [size(*made) for made in ([before.first_pass.made] if before else []) + [plan.first_pass.made]]
    start = start if plan.needs_first_pass else []
    if len(ways) == 1:
        shown = [f"<b>{size(*each)}</b>" for each in ways[0]]
    else:
        ends = sorted({way[-1] for way in ways}, key=lambda side: side[0] * side[1])
        shown = [f"<b>{size(*ends[0])}</b>" + (f" to <b>{size(*ends[-1])}</b>" if len(ends) > 1 else "")]
    count = len(plan.variants)
    many = f' \N{MIDDLE DOT} <span title="{_VARIANTS}"><b>{count}</b>&nbsp;variants</span>' if count > 1 else ""
    return _ARROW.join([*start, *shown]) + many


def _found(plan: Plan) -> str:
    """The denoising strengths that are remembered, and what looking for others takes."""
    nodes = [node for node in plan.stages if node.found and node.sampling]
    strengths = sorted({node.sampling.denoising_strength or 0 for node in nodes if node.sampling})
    told = []
    if strengths:
        numbers = ", ".join(f"<b>{strength:g}</b>" for strength in strengths[:MOST_SHOWN])
        told.append(f'<span title="{_FOUND}">denoising&nbsp;{numbers}, found for this&nbsp;checkpoint</span>')
    if searches := len(plan.searches()):
        what = "the denoising strength" if searches == 1 else f"{searches} denoising strengths"
        told.append(f'<span title="{_LOOKING}"><b>{EVALUATIONS * searches}</b>&nbsp;evaluations to find {what}</span>')
    return "".join(f" \N{MIDDLE DOT} {each}" for each in told)


def _price(price: Price, changes: int) -> str:
    time = "" if price.seconds is None else f" \N{MIDDLE DOT} about&nbsp;<b>{duration(price.seconds)}</b>"
    loads = f' \N{MIDDLE DOT} <span title="{_LOADS}"><b>{changes}</b>&nbsp;model loads</span>' if changes else ""
    return f'<span title="{escape(_COST)}">costs {price.passes}</span>{time}{loads}'


def _unfilled(plan: Plan) -> list[str]:
    """A note on what no installed extension expands in a stage's own prompt."""
    runner = scripts.scripts_txt2img
    if any(not is_the_hosts_own(script) for script in expanders(runner.alwayson_scripts if runner else ())):
        return []
    texts = texts_of([node.sampling for node in plan.stages if node.sampling])
    found = next((left for text in texts if (left := left_in(text))), None)
    return [unfilled_sentence(found)] if found else []


def _unheeded(plan: Plan) -> list[str]:
    """A note on a distilled CFG scale of a stage that means nothing to the loaded model."""
    model = loaded_model()
    stages = [node.sampling for node in plan.stages if node.sampling and node.sampling.checkpoint is None]
    given = any(sampling.distilled_cfg for sampling in stages)
    if not given or model is None or heeds_distilled_cfg(model):
        return []
    return ["'distilled cfg' changes nothing with the checkpoint that is loaded."]


def _worth(plan: Plan, values: Values, cost: float) -> str:
    pictures = sum(variant.same_as is None for variant in plan.variants)
    if pictures > 1:
        return f"This compares {pictures} pictures. The question is about one strategy: choose one of them first."
    return worth_it(number_in(values, "keepers_without", 0), number_in(values, "keepers_with", 0), cost)


def _whole(values: Values, name: str) -> int:
    return max(int(number_in(values, name, 1)), 1)
