"""How far the running job is, for the page and the API."""

from __future__ import annotations

import base64
import io
import random
import string
import time
from typing import Any

from pydantic import BaseModel

from modules import shared

current_task: str | None = None
pending_tasks: dict[str | None, float] = {}
finished_tasks: list[str | None] = []


def create_task_id(task_type):
    """A name for a job."""
    return f"task({task_type}-{''.join(random.choices(string.ascii_uppercase + string.digits, k=7))})"


def add_task_to_queue(id_job):
    """A job waits."""
    pending_tasks[id_job] = time.time()


def start_task(id_task):
    """A job runs."""
    global current_task
    current_task = id_task
    pending_tasks.pop(id_task, None)


def finish_task(id_task):
    """A job is done."""
    global current_task
    if current_task == id_task:
        current_task = None
    finished_tasks.append(id_task)
    del finished_tasks[:-16]


class ProgressRequest(BaseModel):
    """What the page asks."""

    id_task: str | None = None
    id_live_preview: int = -1
    live_preview: bool = True


class ProgressResponse(BaseModel):
    """What the page is told; `progress` from 0 to 1."""

    active: bool
    queued: bool
    completed: bool
    progress: float | None = None
    eta: float | None = None
    live_preview: str | None = None
    id_live_preview: int | None = None
    textinfo: str | None = None


def setup_progress_api(app):
    """The page's route."""
    return app.add_api_route("/internal/progress", progressapi, methods=["POST"], response_model=ProgressResponse)


def progressapi(req: ProgressRequest):
    """The state of a job, with a preview if there is a newer one."""
    active = req.id_task == current_task
    place: dict[str, Any] = {
        "active": active,
        "queued": req.id_task in pending_tasks,
        "completed": req.id_task in finished_tasks,
    }
    if not active:
        return ProgressResponse(**place, id_live_preview=-1, textinfo="Waiting...")
    done, eta = _progress_and_eta()
    preview, number = None, req.id_live_preview
    if shared.opts.live_previews_enable and req.live_preview:
        shared.state.set_current_image()
        if shared.state.id_live_preview != number and shared.state.current_image is not None:
            number = shared.state.id_live_preview
            preview = f"data:image/png;base64,{_png(shared.state.current_image)}"
    shown: dict[str, Any] = {"live_preview": preview, "id_live_preview": number, "textinfo": shared.state.textinfo}
    return ProgressResponse(**place, progress=done, eta=eta, **shown)


def _fraction_done() -> float:
    """0 to 1: whole jobs, and the share of the running one that its steps are."""
    state = shared.state
    if state.job_count <= 0:
        return 0.0
    steps = state.sampling_step / state.sampling_steps if state.sampling_steps > 0 else 0.0
    return min((state.job_no + steps) / state.job_count, 1.0)


def _progress_and_eta() -> tuple[float, float | None]:
    """(fraction done, seconds left or None)."""
    done, elapsed = _fraction_done(), time.time() - (shared.state.time_start or time.time())
    return done, elapsed / done - elapsed if done > 0 else None


def _png(image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
