"""One ticked generation: from the check before its first pass to the results of its batches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from hires_strategies.errors import NoPicture
from hires_strategies.limits import Limits
from hires_strategies.notation.text import format_strategy
from hires_strategies.planning.completion import Complete
from hires_strategies.planning.plan import Plan
from hires_strategies.planning.report import merges, remarks
from hires_strategies.planning.start import UNKNOWN
from hires_strategies.planning.tree import check_first_pass, make_plan
from hires_strategies.running.outcome import nothing_ran
from hires_strategies.running.picture import Picture
from hires_strategies.running.run import run
from hires_strategies.webui import settings
from hires_strategies.webui.first_pass import handed_out
from hires_strategies.webui.host import attachments, pixels, refining, saving
from hires_strategies.webui.host.expansion import Expansion
from hires_strategies.webui.host.processing import ImageArguments, Processing
from hires_strategies.webui.host.sigmas import Schedules
from hires_strategies.webui.host.stages import WebuiHost
from hires_strategies.webui.neighbours import hires_fix_tweaks
from hires_strategies.webui.neighbours.controlnet import control_of
from hires_strategies.webui.neighbours.workers_answer import Share
from hires_strategies.webui.output import before_hires_fix

from . import detail, first_image, starting_picture
from .batch import Batch, begin
from .batch_progress import stopped_before_stages
from .found import FoundHere, news
from .generated_images import made_by
from .less_memory import on_ladder
from .main_model import use_main_model
from .request import Request
from .selectable_script import selectable_script_runs
from .texts import add_autoencoder


@dataclass
class Job:
    """Everything the section keeps during one process_images call.

    `prompts`: p's two before other scripts saw them. `shares`: what other machines made of the batch, None until that
    is known. `why_not_reused`: a sentence if the last batch's first pass was not remembered, or could not be taken from
    memory.
    """

    request: Request
    limits: Limits
    running: bool = False
    why_not_reused: str | None = None
    detailing: bool = False
    owner: int = 0  # the id of the `p` that it was made for: copies of that one find this job as well
    batches: list[Batch] = field(default_factory=list)
    expansion: Expansion = field(default_factory=Expansion)
    prompts: tuple[Any, Any] = (None, None)
    shares: list[Share] | None = None
    found: FoundHere = field(default_factory=FoundHere)

    @property
    def text(self) -> str:
        """The canonical text of the strategy whose result is the generated image."""
        return format_strategy(self.request.strategies[0])

    def check(self, p: Processing) -> None:
        """Plan for the first pass as known before it runs. Raises StrategyError for impossible sizes, or for a setting
        with which no sheet could be made."""
        plan = self.expected_plan(p)
        refining.check(plan)
        if needs_first_pass(self):
            check_first_pass(plan.first_pass, self.limits)
            if p.enable_hr and p.denoising_strength:
                starting_picture.check_hires_fix(p, self.limits)
        if self.request.sheet and self.request.crops != "whole":
            settings.crops_box(p.override_settings)

    def expected_plan(self, p: Processing) -> Plan:
        """The plan for the first pass as known before it runs."""
        return self._planner(p, *starting_picture.expected_start(p, self.request.first_pass_image))({})

    def makes_sheets(self, p: Processing) -> bool:
        """Whether there will be contact sheets: not inside a selectable script (X/Y/Z plot and the like)."""
        return self.request.sheet and len(self.request.strategies) > 1 and not selectable_script_runs(p)

    def run_batch(self, p: Processing, first_pass: Any, reused: bool, written: frozenset[str] = frozenset()) -> Any:
        """Run the stages on the original p.sample's result (None if not needed); returns what p.sample is to return.

        `written`: the generation parameters that the first pass wrote.
        """
        picture = starting_picture.first_picture(first_pass)
        if self.request.first_pass_image is not None:
            picture = Picture(images=first_image.pictures(self.request.first_pass_image, len(p.seeds)))
        original, p = p, hires_fix_tweaks.repeated(p, 0 if picture is None else len(picture.images or ()))
        if picture is not None:
            starting_picture.check_count(p, picture)
        size = starting_picture.expected_size(p) if picture is None else starting_picture.picture_size(p, picture)
        images = None if picture is None else picture.images
        complete = self._planner(p, size, images is not None and images[0].size == size)
        plan = complete({})
        begun = begin(p, plan, self.expansion, reused, written)
        begun.made = made_by(original) * (len(p.seeds) // len(original.seeds))
        host = WebuiHost(p, begun.prompts, control_of(p, plan), plan.first_pass)
        self.found.give(host, p)
        verbs = on_ladder(host, plan.first_pass, p.override_settings)
        begun.wrote.by_stage, begun.wrote.notes = host.written, host.control.notes
        is_latents = picture is not None and picture.latents is not None
        copied = False
        try:
            if first_pass is not None and picture is not None:
                copied = before_hires_fix.save(p, partial(picture.as_images, verbs), begun.made)
            decoded = picture if self.needs_pixels(p) else None
            use_main_model(decoded, host, verbs, refining.left_by(p, written), reused)
            keep: set[int | None] = {node.index for node in plan.stages} if self.request.stages else set()
            if self.shows_first_pass(p):
                keep.add(None)
            result = run(plan, verbs, picture, keep, complete)
        finally:
            host.close()
        begun.plan = plan = result.plan
        if unwritten := self.found.learn(plan):
            p.comment(f"Hires strategies: {unwritten}")
        add_autoencoder(host.written, plan, is_latents)
        shown = result.stages[plan.variants[0].node].images
        begun.handed_out = self._handed_out(p, picture)
        self._keep(original, begun.ended(result, copied))
        if shown is None:
            raise NoPicture(f"Hires strategies: {result.stages[plan.variants[0].node].error}")
        return pixels.to_decoded(shown)

    def end_with_first_pass(
        self, p: Processing, first_pass: Any, reused: bool, written: frozenset[str] = frozenset()
    ) -> bool:
        """Whether the user stopped this batch before its first stage: then its result is the first pass.

        The host decodes it as without a strategy, and only its record mentions one.
        """
        sentence = stopped_before_stages(reused)
        if sentence is None:
            return False
        planned = self.expected_plan(p)
        picture = starting_picture.first_picture(first_pass)
        assert picture is not None
        width, height = starting_picture.picture_size(p, picture)
        plan = replace(planned, first_pass=replace(planned.first_pass, width=width, height=height))
        begun = begin(p, plan, self.expansion, reused, written)
        self._keep(p, begun.ended(nothing_ran(plan, sentence)))
        return True

    def _keep(self, p: Processing, batch: Batch) -> None:
        """Keep a batch's results: for its texts, for whether it is saved, and as sentences for the user."""
        batch.images_before = sum(len(each.seeds) for each in self.batches)
        batch.why_not_reused, batch.points = self.why_not_reused, self.found.points
        self.batches.append(batch)
        saving.decide(p, batch.saves(batch.plan.variants[0].node))
        batch.texts.write(p, batch.reached(batch.plan.variants[0].node))
        finished = {index for index, outcome in enumerate(batch.result.stages) if outcome.error is None}
        told = [*merges(batch.plan, finished), *(remarks(batch.plan) if finished else [])]
        notes = dict.fromkeys(note for index in finished for note in batch.texts.notes(index))
        for sentence in news((*told, *batch.result.troubles, *notes), len(self.batches) > 1):
            p.comment(f"Hires strategies: {sentence}")

    def batch_of(self, p: Processing) -> Batch | None:
        """The batch whose images the host is working on; None if its stages did not run, or while we work on them."""
        last = self.batches[-1] if self.batches else None
        return last if last is not None and last.iteration == p.iteration and not self.detailing else None

    def finishing(self, p: Processing, arguments: ImageArguments) -> None:
        """An image of the host's list in the last hook that it goes through. The batch's last one is followed by the
        same work on the further variants."""
        batch = self.batch_of(p)
        if batch is None:
            return
        for within in {node.detail for node in batch.plan.stages} | {False}:
            if within not in batch.texts_without:
                batch.texts_without[within] = detail.texts_without(p, batch, within)
        if not batch.images.finishing(p, arguments) or not self.details(p):
            return
        self.detailing = True
        try:
            detail.detail_variants(p, batch)
        finally:
            self.detailing = False

    def details(self, p: Processing) -> bool:
        """Whether the host's work on each finished image is done for every variant."""
        return detail.of_every_variant(p, self.request)

    def _handed_out(self, p: Processing, picture: Picture | None) -> tuple[str, ...]:
        """Names by which the page may ask for what the stages started from, the first pass or Hires. fix's result."""
        if picture is None or p.is_api or self.request.first_pass_image is not None:
            return ()
        return handed_out.keep(picture)

    def shows_first_pass(self, p: Processing) -> bool:
        return self.request.first_pass or self.makes_sheets(p)

    def needs_pixels(self, p: Processing) -> bool:
        """Whether what the stages start from must be decoded."""
        first_stages = [strategy.stages[0] for strategy in self.request.strategies]
        from_pixels = (not stage.is_latent or stage.color_match for stage in first_stages if not stage.is_direct)
        return self.shows_first_pass(p) or any(from_pixels)

    def _planner(self, p: Processing, size: tuple[int, int], is_picture: bool) -> Complete:
        """Makes the plan after a first pass, or a picture, of that size."""
        # Another checkpoint may be loaded until p.sample is called.
        starts = replace(Schedules().starts, remembered=self.found.lookup(p)) if self.running else UNKNOWN
        first_pass = starting_picture.what_stages_follow(p, size, is_picture)
        return partial(make_plan, self.request.strategies, first_pass, self.limits, starts)


def hang(p: Processing, job: Job) -> None:
    job.owner = id(p)
    attachments.hang(p, attachments.JOB, job)


def forget(p: Processing) -> None:
    """Begin anew with `p`, without touching the generation that it may be a copy of."""
    part(p)
    attachments.drop(p, attachments.JOB)


def part(p: Processing) -> None:
    """Give a copy of a generation's `p` generation parameters of its own: other extensions run copies through the
    hooks in the middle of a batch, and what is written for them must not get into the batch's texts."""
    job = job_on(p)
    if job is not None and job.owner != id(p):
        p.extra_generation_params = dict(p.extra_generation_params)


def job_on(p: Processing) -> Job | None:
    """The job of `p`, or of the object it is a copy of."""
    return attachments.held(p, attachments.JOB, Job)


def needs_first_pass(job: Job) -> bool:
    if job.request.first_pass_image is not None:
        return False
    return any(strategy.needs_first_pass for strategy in job.request.strategies) or job.request.first_pass
