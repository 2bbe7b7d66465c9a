"""The progress bar of one batch, based on how long its jobs took in earlier runs; and whether its stages run at all."""

from __future__ import annotations

from dataclasses import replace

from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.shares import Jobs, weights
from hires_strategies.planning.timing import first_pass_task, search_tasks, second_pass_task, tasks_of
from hires_strategies.webui.files import timing_file
from hires_strategies.webui.host.forks.job import stops_after_this_image
from hires_strategies.webui.host.forks.upscalers import latent_modes
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.progress import Bar, stopped

from .learnt_times import model_kind


def bar_for(p: Processing, plan: Plan) -> Bar:
    """The bar of the batch that `p` samples next; `plan` holds its stages."""
    timing, images = timing_file(), len(p.seeds)
    learnt = timing.evaluations()
    tasks = tasks_of(plan, images, learnt)
    if p.enable_hr:
        first, second = _passes(p, plan)
        upscaler = None if p.hr_upscaler is None or p.hr_upscaler in latent_modes() else p.hr_upscaler
        tasks[:1] = [first_pass_task(first, images, learnt), second_pass_task(second, upscaler, images, learnt)]
    tasks += search_tasks(plan, images)
    costs = weights(tasks, timing.seconds(tasks, model_kind()))
    second_cost = costs.pop(1) if p.enable_hr else 0.0
    own, looking = costs[1 : 1 + len(plan.stages)], costs[1 + len(plan.stages) :]
    searches = tuple((node.id, cost) for node, cost in zip(plan.searches(), looking, strict=True))
    steps = tuple(float(node.steps) for node in plan.stages)
    return Bar(p, Jobs(costs[0], second_cost, tuple(own), searches), Jobs(p.steps, _second_steps(p), steps))


def bar_without_stages(p: Processing) -> Bar:
    """For a cell without a strategy, in a plot where others have one."""
    second = float(_second_steps(p))
    return Bar(p, Jobs(p.steps, second, ()), Jobs(p.steps, second, ()))


def _second_steps(p: Processing) -> int:
    return (p.hr_second_pass_steps or p.steps) if p.enable_hr else 0


def _passes(p: Processing, plan: Plan) -> tuple[FirstPass, FirstPass]:
    """What the host samples if Hires. fix is on; the plan starts from its result."""
    result = plan.first_pass
    smallest = result.size_rules.smallest
    first = replace(result, width=max(p.width, smallest), height=max(p.height, smallest))
    return first, replace(result, steps=_second_steps(p), sampler=p.hr_sampler_name or result.sampler)


def stopped_before_stages(reused: bool) -> str | None:
    """A sentence if the user wanted no stage after the first pass."""
    reason = stopped()
    if reason is None:
        return "No stage ran: the user stopped it after the first pass." if stops_after_this_image() else None
    first_pass = "" if reused else "The first pass was not finished, and no stage ran: "
    return f"{first_pass or 'No stage ran: '}the user {reason} it."
