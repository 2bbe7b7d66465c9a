"""What happens at each of the host's script hooks.

The host swallows an exception from a hook and goes on with the plain image. What has to stop a generation is raised
from `p.setup_prompts` (before anything ran) or `p.sample`, which the host calls outside its guard.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from modules import processing

from hires_strategies.errors import NoPicture, StageFailed, StrategyError
from hires_strategies.planning.timing import Ran
from hires_strategies.webui.first_pass.recall import NOT_ASKED, FirstPassOfBatch
from hires_strategies.webui.generation import (
    first_image,
    of_folder,
    selected_image,
    shared_batch,
    start_from,
    xyz_cell,
)
from hires_strategies.webui.generation.batch import Batch
from hires_strategies.webui.generation.batch_progress import bar_for, bar_without_stages
from hires_strategies.webui.generation.job import Job, forget, hang, job_on, needs_first_pass, part
from hires_strategies.webui.generation.learnt_times import first_pass_ran, learn
from hires_strategies.webui.generation.selectable_script import selectable_script_runs
from hires_strategies.webui.generation.starting_picture import check_frames
from hires_strategies.webui.host import attachments, infotext, parameters, progress, refining, saving
from hires_strategies.webui.host.forks.gallery import is_gallery_upscale
from hires_strategies.webui.host.forks.job import finishing_hook
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.host.processing import ImageArguments, Processed, Processing
from hires_strategies.webui.neighbours import adetailer
from hires_strategies.webui.neighbours.controlnet import with_control
from hires_strategies.webui.output import records, selected_records
from hires_strategies.webui.output.answered import Answered
from hires_strategies.webui.output.contact_sheets import add_sheets
from hires_strategies.webui.output.extra_images import add_extras
from hires_strategies.webui.output.from_workers import add_from_workers
from hires_strategies.webui.output.side_by_side import SideBySide

from .refusal import Refusal, ended, guarded, refuse
from .settings import limits


def setup(p: Processing) -> None:
    """A script of the list may be about to run: its result will include the records of its images."""
    if isinstance(p, processing.StableDiffusionProcessingTxt2Img):
        records.publish_what_a_script_returns(p)


def before_process(p: Processing, arguments: tuple[Any, ...]) -> None:
    """Read and check the section's request, before other scripts and before any work."""
    if selected_image.is_asked(p, arguments):
        arguments = (True, *start_from.first_pass(arguments)[1:])
        guarded(selected_image.take_over, p, arguments)
    if not is_ours(p):
        return
    shared_batch.begin(p)
    forget(p)
    parameters.forget(p)
    infotext.remove(p)
    first_image.forget(p)
    saving.forget(p)
    for name in ("setup_prompts", "sample"):
        own = vars(p).get(name)
        # `p`, or its fields by way of JSON, are being used a second time.
        if own is not None and (isinstance(own, Refusal) or not callable(own)):
            attachments.drop(p, name)
    try:
        own_limits = limits(p.override_settings)
        request = xyz_cell.read_cell(arguments, xyz_cell.asked(p), host_vocabulary(own_limits))
        request = selected_image.with_start(p, request)
        if request is None:
            return
        request = of_folder.one_picture(p, request)
        if request.first_pass_image is not None:
            # The axes of a plot change the generation's own values.
            texts = None if request.picture_texts and selectable_script_runs(p) else request.picture_texts
            first_image.take_over(p, request.first_pass_image, texts)
        job = Job(request, own_limits)
        hang(p, job)
        job.check(p)
        shared_batch.send(p, arguments, job)
    except Exception as error:
        refuse(p, error)


def process(p: Processing) -> None:
    """Write the strategy into the generation parameters; every extra image gets its own text later."""
    job = job_of(p)
    if job is not None:
        part(p)
        infotext.write(p, job.text)


def process_batch(p: Processing) -> None:
    """Put the stages after the first pass, which is remembered even if the section is not ticked.

    Not any earlier: ControlNet replaces p.sample in its `process`.
    """
    if not is_ours(p):
        return
    saving.forget(p)
    current = attachments.replaced(p, "sample")
    if isinstance(current, SampleThenStages) and current.p is p:
        return
    inner = current
    while isinstance(inner, SampleThenStages):  # a copy of another `p`, with that one's wrapper
        inner = inner.inner
    p.sample = SampleThenStages(p, inner)


def before_hr(p: Processing) -> None:
    """The host's Hires. fix is about to sample, or a stage of ours, which the bar already knows about."""
    bar = progress.bar_of(p)
    if bar is not None:
        bar.second_pass()


def postprocess_batch(p: Processing, images: Any) -> None:
    """The pictures of a batch, B,3,H,W, before other scripts change them."""
    if batch := _batch(p):
        batch.images.decoded(images)
    if (job := job_of(p)) and p.iteration == p.n_iter - 1:
        shared_batch.collect(p, job)


def postprocess_batch_list(p: Processing, arguments: Any) -> None:
    """The same pictures as arguments.images, a list that scripts change."""
    if batch := _batch(p):
        batch.images.listed(arguments)
    elif (job := job_of(p)) and not job.batches:  # other machines make all of it
        shared_batch.collect(p, job)


def finishing(p: Processing, arguments: ImageArguments, hook: str) -> None:
    """An image of the host's list, in a hook of that name."""
    if hook == finishing_hook() and (job := job_of(p)) is not None:
        job.finishing(p, arguments)
        shared_batch.leave_as_made(p, job, arguments)


def _batch(p: Processing) -> Batch | None:
    job = job_of(p)
    return job.batch_of(p) if job is not None else None


def postprocess(p: Processing, processed: Processed) -> None:
    job = job_of(p)
    if job is None or not processed.images:
        return  # ADetailer calls postprocess in the middle of a batch, with an empty object
    saving.forget(p)
    generated = Answered(processed, job)
    with SideBySide(p) as files:
        add_extras(p, processed, job, generated, files)
        add_sheets(p, processed, job, generated, files)
    shared_batch.collect(p, job)
    add_from_workers(p, processed, job)
    selected_records.return_original(p, processed)


class SampleThenStages(attachments.Replacement):
    """`p.sample` followed by the stages. Harmless when wrapped twice: the inner one finds the job running."""

    def __init__(self, p: Processing, inner: Callable[..., Any] | None) -> None:
        self.p = p
        self.inner = inner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        def compute() -> Any:
            if (bar := progress.bar_of(self.p)) is not None:
                bar.first_pass()
            return (self.inner or partial(type(self.p).sample, self.p))(*args, **kwargs)

        job = job_of(self.p)
        if not is_ours(self.p) or (job is not None and job.running):
            return compute()
        if job is None:
            progress.use_bar(self.p, bar_without_stages(self.p) if progress.runs() else None)
            return FirstPassOfBatch(self.p, compute, self.inner).compute_and_remember()
        job.running = True
        parameters.forget(self.p)
        try:
            check_frames(self.p)
            progress.use_bar(self.p, bar_for(self.p, job.expected_plan(self.p)))
            started = time.perf_counter()
            (samples, reused), written = self._first_pass(job, compute) if needs_first_pass(job) else _NO_FIRST_PASS
            seconds = time.perf_counter() - started
            if samples is not None and job.end_with_first_pass(self.p, samples, reused, written):
                return samples
            is_own = samples is not None and not reused and not self.p.enable_hr
            first_pass = first_pass_ran(self.p, seconds) if is_own else Ran(None)
            shown = job.run_batch(self.p, samples, reused, written)
            of_folder.require_a_result(self.p, job.batches[-1].result)
            learn(job.batches[-1], first_pass)
            return shown
        except (StrategyError, NoPicture) as error:
            raise ended(error) from None
        except StageFailed as error:  # of what is done before the first stage
            raise ended(NoPicture(f"Hires strategies: {error}")) from None
        finally:
            job.running = False
            progress.use_bar(self.p, None)

    def _first_pass(self, job: Job, compute: Callable[[], Any]) -> tuple[tuple[Any, bool], frozenset[str]]:
        """The first pass of a ticked generation and whether it came from memory; the parameters it wrote."""
        work = partial(self._computed_or_recalled, job, with_control(self.p, compute))
        with refining.in_first_pass(self.p):
            found, written = parameters.recorded(self.p, work)
        return found, frozenset(refining.told_of_first_pass(self.p, written)) - {parameters.SCHEDULE}

    def _computed_or_recalled(self, job: Job, compute: Callable[[], Any]) -> tuple[Any, bool]:
        if not job.request.reuse_first_pass:
            job.why_not_reused = NOT_ASKED
            return compute(), False
        first_pass = FirstPassOfBatch(self.p, compute, self.inner)
        found = first_pass.obtain()
        job.why_not_reused = first_pass.why_not
        return found


_NO_FIRST_PASS: tuple[tuple[Any, bool], frozenset[str]] = ((None, False), frozenset())


def is_ours(p: Processing) -> bool:
    """Whether a generation can have strategies: txt2img, but neither the gallery's hires button nor ADetailer's own."""
    if not isinstance(p, processing.StableDiffusionProcessingTxt2Img):
        return False
    return not adetailer.is_its_own(p) and not is_gallery_upscale(p)


def job_of(p: Processing) -> Job | None:
    return job_on(p) if is_ours(p) else None
