"""One job at a time, and errors shown in the page."""

from __future__ import annotations

import html
import threading
import time
from functools import wraps

from modules import devices, errors, progress, shared

queue_lock = threading.Lock()


def wrap_gradio_gpu_call(func, extra_outputs=None):
    """func(task id, ...) of the page as a job; an exception becomes a message in its last output."""

    @wraps(func)
    def f(*args, **kwargs):
        task = str(args[0])
        progress.add_task_to_queue(task)
        started = time.perf_counter()
        with queue_lock:
            shared.state.begin(job=task)
            progress.start_task(task)
            try:
                result = list(func(*args, **kwargs))
            except Exception as e:
                errors.report("Error completing request", exc_info=True)
                message = f"<div class='error'>{html.escape(f'{type(e).__name__}: {e}')}</div>"
                result = [*([None, ""] if extra_outputs is None else extra_outputs), message]
            finally:
                progress.finish_task(task)
                shared.state.skipped = shared.state.interrupted = shared.state.stopping_generation = False
                shared.state.end()
        devices.torch_gc()
        seconds = time.perf_counter() - started
        taken = f"Time taken: <wbr><span class='measurement'>{seconds:.1f} sec.</span>"
        result[-1] += f"<div class='performance'><p class='time'>{taken}</p></div>"
        return tuple(result)

    return f
