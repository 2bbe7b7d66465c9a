"""A folder of pictures: one click, or one call of the API, runs a generation for each.

Each is a `process_images` of its own with a fresh copy of `p`, as the host's "Prompts from file" does it, so all other
extensions see ordinary generations. The host, however, lets no always-on script run several. So its first step into
the scripts is intercepted, before any of them saw `p`, and then its next one, `process_images_inner`, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modules import devices, errors, processing, shared

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.webui.host import progress
from hires_strategies.webui.host.forks.gallery import is_gallery_upscale
from hires_strategies.webui.host.forks.job import stops_after_this_image
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.host.processing import Processed, Processing
from hires_strategies.webui.neighbours import adetailer
from hires_strategies.webui.output import records
from hires_strategies.webui.refusal import ended
from hires_strategies.webui.settings import FOLDER_SHOWN, limits
from hires_strategies.wording import describe, short

from . import first_image, of_folder, start_from
from .done import Done
from .folder_listing import list_pictures
from .folder_path import allowed_folder
from .folder_picture import Waiting, generation_of, look_at
from .folder_report import Report
from .job import job_on
from .request import Request, read_arguments
from .selectable_script import selectable_script_runs


def set_up(p: Processing, arguments: Sequence[Any]) -> None:
    """Called by the host when `p` has its scripts: see to it that a folder is run."""
    if start_from.asks_for_folder(arguments) and isinstance(p, processing.StableDiffusionProcessingTxt2Img):
        p.scripts = _Interceptor(p.scripts, arguments)


class _Interceptor:
    """The script runner of a `p`, until that begins."""

    def __init__(self, runner: Any, arguments: Sequence[Any]) -> None:
        self._runner, self._arguments = runner, arguments

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy that is being made has no runner yet
            raise AttributeError(name)
        return getattr(self._runner, name)

    def before_process(self, p: Processing) -> None:
        """The host's first call, unless a script of the list runs it, or the gallery's button."""
        p.scripts = self._runner
        if selectable_script_runs(p) or is_gallery_upscale(p) or adetailer.is_its_own(p):
            self._runner.before_process(p)
        else:
            _run_instead(p, self._arguments)


def _run_instead(p: Processing, arguments: Sequence[Any]) -> None:
    """Replace the host's `process_images_inner`, which it calls next, for one call."""
    host: Any = processing
    inner = host.process_images_inner

    def once(q: Processing, *args: Any, **kwargs: Any) -> Any:
        if host.process_images_inner is once:
            host.process_images_inner = inner
        return run(p, arguments) if q is p else inner(q, *args, **kwargs)

    host.process_images_inner = once


def run(p: Processing, arguments: Sequence[Any]) -> Processed:
    """The result of a whole folder. Raises StrategyError for a request that is impossible."""
    try:
        own_limits = limits(p.override_settings)
        request = read_arguments(arguments, host_vocabulary(own_limits))
        assert request is not None and request.folder is not None
        return _FolderRun(p, request, own_limits).run()
    except StrategyError as error:
        raise ended(error) from None
    finally:
        progress.head(None)


class _FolderRun:
    """A run over the pictures of a folder that are not done yet."""

    def __init__(self, p: Processing, request: Request, own_limits: Limits) -> None:
        assert request.folder is not None
        first_image.check_hires_fix_is_off(p)
        self.p, self.request, self.limits = p, request, own_limits
        self.folder: Path = allowed_folder(request.folder, p.is_api)
        self.done = Done.of(self.folder)
        try:
            self.listing = list_pictures(self.folder, self.done.names_in(self.folder))
        except OSError as error:
            raise StrategyError(f"The folder {short(request.folder)} cannot be read: {describe(error)}") from None
        if not self.listing.pictures:
            raise StrategyError(f"There is no picture to start from in the folder {short(request.folder)}.")
        names = [path.name for path in self.listing.pictures]
        self.report = Report(self.folder, names, FOLDER_SHOWN.whole(p.override_settings, least=0))

    def run(self) -> Processed:
        waiting = self._waiting()
        for number, picture in enumerate(waiting):
            if self._is_over():
                self.report.stopped(len(waiting) - number)
                break
            shared.state.skipped = False
            shared.state.job = f"{number + 1} out of {len(waiting)}"
            progress.expect_batches((len(waiting) - number) * self.p.n_iter)
            progress.head(f"{picture.path.name} ({number + 1} of {len(waiting)})")
            self._run_guarded(picture)
        return self.report.processed(self.p, self.listing.results)

    def _waiting(self) -> list[Waiting]:
        """The pictures that are to be done, found without decoding any."""
        waiting = []
        count = len(self.listing.pictures)
        for number, path in enumerate(self.listing.pictures):
            progress.head(f"Looking at picture {number + 1} of {count}")
            if shared.state.interrupted:
                self.report.stopped(count - number)
                break
            try:
                picture = look_at(self.p, path, self.request)
            except Exception as error:
                self.report.failed(path.name, describe(error))
                continue
            results = None if self.request.again else self.done.results(picture.key)
            if results is None:
                waiting.append(picture)
            else:
                self.report.done_before(path.name, results)
        return waiting

    def _run_guarded(self, picture: Waiting) -> None:
        try:
            self._run_one(picture)
        except Exception as error:
            if not isinstance(error, StrategyError):
                errors.report(f"Hires strategies: {picture.path.name}", exc_info=True)
            self.report.failed(picture.path.name, describe(error))
            devices.torch_gc()

    def _run_one(self, picture: Waiting) -> None:
        q: Any = generation_of(self.p, picture, self.request, self.limits)
        try:
            self._judge(picture, q, processing.process_images(q))
        finally:
            of_folder.let_go(q)

    def _judge(self, picture: Waiting, q: Processing, processed: Processed) -> None:
        """Note what became of a picture."""
        name, job = picture.path.name, job_on(q)
        files = self.report.keep(name, processed)
        if job is None:
            raise StrategyError("It was not enlarged: another script ran its generation.")
        trouble = records.troubles(processed.images)
        stages = [stage for batch in job.batches for stage in batch.result.stages]
        finished = len(job.batches) == q.n_iter and not any(stage.error for stage in stages)
        if finished and not trouble and files:
            self.done.add(picture.key, name, files)
            self.report.done(name, files)
        elif progress.is_stopping():
            self.report.unfinished(name, files)
        else:
            self.report.failed(name, " ".join(trouble) or "Nothing was saved.", files)

    @staticmethod
    def _is_over() -> bool:
        return bool(shared.state.interrupted) or stops_after_this_image()
