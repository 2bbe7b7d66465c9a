"""Progress of the running job, and the user's wish to end it."""

from __future__ import annotations

import datetime
import threading
import time
from typing import Any

from modules import devices, errors, shared


class State:
    """One job at a time: `begin`, then `nextjob` for each batch or second pass, then `end`."""

    skipped = False
    interrupted = False
    stopping_generation = False
    job = ""
    job_no: float = 0
    job_count: float = 0
    processing_has_refined_job_count = False
    job_timestamp = "0"
    sampling_step = 0
    sampling_steps = 0
    current_latent: Any = None
    current_image: Any = None
    current_image_sampling_step = 0
    id_live_preview = 0
    textinfo: str | None = None
    time_start: float | None = None

    def __init__(self):
        self._command: str | None = None
        self._commanded = threading.Event()

    def begin(self, job: str = "(unknown)"):
        """A new job: nothing done, nothing asked."""
        self.sampling_step = self.job_no = self.current_image_sampling_step = self.id_live_preview = 0
        self.time_start = time.time()
        self.job_count = -1
        self.processing_has_refined_job_count = False
        self.job_timestamp = datetime.datetime.now().strftime("%Y%m%d%H%M%S")
        self.current_latent = self.current_image = self.textinfo = None
        self.skipped = self.interrupted = self.stopping_generation = False
        self.job = job
        devices.torch_gc()

    def end(self):
        """The job is done."""
        self.job = ""
        self.job_count = 0
        devices.torch_gc()

    def nextjob(self):
        """One of job_count parts is done."""
        if shared.opts.live_previews_enable and shared.opts.show_progress_every_n_steps == -1:
            self.do_set_current_image()
        self.job_no += 1
        self.sampling_step = self.current_image_sampling_step = 0

    def interrupt(self):
        """Stop now."""
        self.interrupted = True

    def skip(self):
        """Stop this batch now, go on with the next."""
        self.skipped = True

    def stop_generating(self):
        """Stop after this batch."""
        self.stopping_generation = True

    def dict(self):
        """What /sdapi/v1/progress tells of it."""
        names = ("skipped", "interrupted", "stopping_generation", "job", "job_count", "job_timestamp", "job_no")
        return {name: getattr(self, name) for name in (*names, "sampling_step", "sampling_steps")}

    def set_current_image(self):
        """Decode the latents of the running sampler for the preview, if there are new ones."""
        steps = shared.opts.show_progress_every_n_steps
        due = self.sampling_step - self.current_image_sampling_step >= steps != -1
        if shared.parallel_processing_allowed and shared.opts.live_previews_enable and due:
            self.do_set_current_image()

    def do_set_current_image(self):
        """Decode the latents of the running sampler for the preview."""
        if self.current_latent is None:
            return
        from modules import sd_samplers

        try:
            self.assign_current_image(sd_samplers.sample_to_image(self.current_latent))
            self.current_image_sampling_step = self.sampling_step
        except Exception as e:  # a model that is being swapped: no preview, but the job goes on
            errors.display(e, "making a live preview")

    def assign_current_image(self, image):
        """Show this image as the preview."""
        self.current_image = image
        self.id_live_preview += 1

    def request_restart(self) -> None:
        """Stop the job and reload the UI."""
        self.interrupt()
        self._command = "restart"
        self._commanded.set()

    def wait_for_server_command(self, timeout=None):
        """'restart' once it was asked for, else None after `timeout` seconds."""
        if not self._commanded.wait(timeout):
            return None
        self._commanded.clear()
        command, self._command = self._command, None
        return command
