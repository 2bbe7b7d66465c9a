"""How long things take on this machine, learnt from finished runs and kept in a small JSON file.

A stage's time is assumed proportional to its work: model evaluations x pixels x images if it samples, pixels x images
if it only upscales. The rate is the median of the last runs of the nearest size, because attention makes large
pictures cost more per pixel. For samplers not in the table, the model evaluations per step that runs counted are
learnt, too.
"""

from __future__ import annotations

import math
import statistics
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hires_strategies.json_file import read_object, write_json
from hires_strategies.samplers import find_sampler, split_name
from hires_strategies.where import FUSED

from .cost import NOTHING_LEARNT, Learnt, node_evaluations, sampled_pixels, sampler_evaluations, searched_pixels
from .plan import FirstPass, Node, Plan
from .rates import EVALUATIONS_A_STEP, is_entry, is_evaluations, parts
from .sought import EVALUATIONS, Found

REMEMBERED = 5  # runs per kind of stage and size
_MOST_ENTRIES = 200
_FIRST_PASS = "first pass"
_SAMPLED = "sampled"
_SEARCHED = "searched"  # for a denoising strength
_LATENT = "latent"

_writing = threading.Lock()


@dataclass(frozen=True)
class Task:
    """Something whose time is learnt: what it is, its picture's size in pixels, and its work.

    `known`: whether the work is known beforehand. If not, a step counts as one model evaluation, and nothing is learnt.
    """

    kind: str
    pixels: int
    work: float
    known: bool = True


@dataclass(frozen=True)
class Ran:
    """What a first pass or a stage took: seconds, None if it did not run or should not be learnt from; and the model
    evaluations counted, None if nobody could count them."""

    seconds: float | None
    evaluations: int | None = None


class Timing:
    """Rates (seconds per unit of work) in the JSON file at `path`, which need not exist yet.

    An unreadable file counts as empty: whatever it held, the next runs will learn again.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def estimate(self, plan: Plan, model: str = "", images: int = 1, before: Plan | None = None) -> float | None:
        """Seconds that a run of `plan` will take for a batch of `images`, or None while too little is known.

        `model` is any name for models of one speed ("SDXL"); an unknown one is assumed to be as fast as those known.
        `before`: the plan whose result is this plan's first pass, where Hires. fix runs as well.
        """
        learnt = self.evaluations()
        first, *stages = tasks_of(plan, images, learnt)
        made_first = tasks_of(before, images, learnt) if before else [first]
        stages += search_tasks(plan, images)
        each = self.seconds([*made_first, *stages] if plan.needs_first_pass else stages, model)
        return None if None in each else sum(seconds for seconds in each if seconds is not None)

    def seconds(self, tasks: Sequence[Task], model: str = "") -> list[float | None]:
        """Seconds that each task will take, None if too little is known. `model` as above."""
        known = [(*parts(key), rates) for key, rates in self._read().items() if not is_evaluations(key)]
        rates: dict[tuple[str, int], float | None] = {}
        for task in tasks:
            like = (task.kind, task.pixels)
            if like not in rates:
                rates[like] = _rate(known, model, task)
        found = [(task, rates[task.kind, task.pixels]) for task in tasks]
        return [task.work * rate if task.known and rate is not None else None for task, rate in found]

    def evaluations(self) -> Learnt:
        """Model evaluations per step, by sampler, for samplers not in the table."""
        return _learnt(self._read())

    def learn(self, plan: Plan, ran: Sequence[Ran], model: str = "", images: int = 1) -> None:
        """Remember a finished run. Raises StrategyError if the file cannot be written.

        `ran`: the first pass, then each stage. How long looking for strengths took is in the plan.
        """
        with _writing:
            known = self._read()
            for sampler, steps, each in _samplings(plan, ran):
                if each.evaluations and steps and not _is_in_the_table(sampler):
                    _add(known, f"{EVALUATIONS_A_STEP}|{split_name(sampler)[0]}", each.evaluations / steps)
            tasks = tasks_of(plan, images, _learnt(known))
            for node, task, each in zip((None, *plan.stages), tasks, ran, strict=False):
                fewer = node is not None and node.where == FUSED  # tiles than planned, as the picture needed
                if task.known and each.seconds and not fewer:
                    _add(known, _key(model, task), each.seconds / task.work)
            for found, task in _searched(plan, images):
                if found.seconds:
                    _add(known, _key(model, task), found.seconds / task.work)
            write_json(self.path, dict(list(known.items())[-_MOST_ENTRIES:]))

    def _read(self) -> dict[str, list[float]]:
        return {key: rates for key, rates in read_object(self.path).items() if is_entry(key, rates)}


def _add(known: dict[str, list[float]], key: str, value: float) -> None:
    """Newest entries come last: the oldest are forgotten first."""
    known[key] = [*known.pop(key, []), value][-REMEMBERED:]


def _samplings(plan: Plan, ran: Sequence[Ran]) -> list[tuple[str, int, Ran]]:
    """Sampler, steps and what ran, for the first pass and each stage that samples with a named sampler."""
    first = plan.first_pass
    all_steps = [first.steps, *(node.steps for node in plan.stages)]
    own = [node.sampling.sampler if node.sampling else None for node in plan.stages]
    samplers = [first.sampler, *(name or first.sampler for name in own)]
    return [(name, steps, each) for name, steps, each in zip(samplers, all_steps, ran, strict=False) if name]


def _is_in_the_table(sampler: str) -> bool:
    row = find_sampler(sampler)
    return row is not None and row.evaluations is not None


def _learnt(known: Mapping[str, list[float]]) -> Learnt:
    return {
        key.removeprefix(f"{EVALUATIONS_A_STEP}|"): statistics.median(values)
        for key, values in known.items()
        if is_evaluations(key)
    }


def tasks_of(plan: Plan, images: int, learnt: Learnt = NOTHING_LEARNT) -> list[Task]:
    """The first pass, whether or not the plan needs it, then every stage."""
    first = first_pass_task(plan.first_pass, images, learnt)
    return [first, *(_stage_task(plan, node, images, learnt) for node in plan.stages)]


def search_tasks(plan: Plan, images: int) -> list[Task]:
    """What looking for strengths adds to them, in the order of `plan.searches()`."""
    return [_search_task(node, EVALUATIONS, images) for node in plan.searches()]


def _search_task(node: Node, evaluations: int, images: int) -> Task:
    pixels = searched_pixels(node)
    return Task(_SEARCHED, pixels, evaluations * pixels * images)


def _searched(plan: Plan, images: int) -> list[tuple[Found, Task]]:
    """What was looked for while a plan ran, each once, with what that was as a task."""
    each = {id(node.found): (node.found, node) for node in plan.stages if node.found and node.found.evaluations}
    return [(found, _search_task(node, found.evaluations, images)) for found, node in each.values()]


def first_pass_task(first: FirstPass, images: int, learnt: Learnt = NOTHING_LEARNT) -> Task:
    evaluations = sampler_evaluations(first.sampler, first.steps, False, learnt)
    return _sampling_task(_FIRST_PASS, (first.width * first.height, images), first.steps, evaluations)


def second_pass_task(second: FirstPass, upscaler: str | None, images: int, learnt: Learnt = NOTHING_LEARNT) -> Task:
    """The host's own Hires. fix; `second`: its target size, steps and sampler. `upscaler` is None for a latent one."""
    evaluations = sampler_evaluations(second.sampler, second.steps, True, learnt)
    kind = f"{_SAMPLED} {upscaler or _LATENT}"
    return _sampling_task(kind, (second.width * second.height, images), second.steps, evaluations)


def _stage_task(plan: Plan, node: Node, images: int, learnt: Learnt) -> Task:
    pixels = node.width * node.height
    if node.sampling is None:
        assert node.upscale is not None
        return Task(node.upscale.upscaler, pixels, pixels * images)
    upscaler = node.upscale.upscaler if node.upscale and not node.upscale.latent else _LATENT
    evaluations = node_evaluations(node, plan.first_pass, learnt)
    if node.tiles:
        pixels, images = sampled_pixels(node) // len(node.tiles), images * len(node.tiles)
    return _sampling_task(f"{_SAMPLED} {upscaler}", (pixels, images), node.steps, evaluations)


def _sampling_task(kind: str, size: tuple[int, int], steps: int, evaluations: int | None) -> Task:
    """`size`: pixels of one image, number of images. Zero evaluations (DDIM with one step) teach no rate either."""
    pixels, images = size
    return Task(kind, pixels, (evaluations or steps) * pixels * images, known=bool(evaluations))


def _key(model: str, task: Task) -> str:
    return "|".join((model, task.kind, str(task.pixels)))


def _rate(known: list[tuple[str, str, int, list[float]]], model: str, task: Task) -> float | None:
    """The rate of the most similar work: the same model and kind, else another model's, else any sampling's.

    `known`: model, kind, pixels and the last rates.
    """
    sampling = _is_sampling(task.kind) or task.kind == _SEARCHED
    for same_model in (True, False):
        for same_kind in (True, False):
            near = [
                (abs(math.log(pixels / task.pixels)), rates)
                for its_model, kind, pixels, rates in known
                if (its_model == model or not same_model)
                and (kind == task.kind or (not same_kind and sampling and _is_sampling(kind)))
            ]
            if near:
                return statistics.median(min(near, key=lambda each: each[0])[1])
    return None


def _is_sampling(kind: str) -> bool:
    return kind == _FIRST_PASS or kind.startswith(_SAMPLED)
