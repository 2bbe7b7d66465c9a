"""The workbench in this process, for what cannot be seen over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """txt2img of the workbench's API: fields in, its answer as an object out."""
    import start
    from fastapi import FastAPI

    start.boot(["--data-dir", str(tmp_path_factory.mktemp("workbench"))])
    from modules import call_queue, scripts
    from modules.api.api import Api
    from modules.api.models import StableDiffusionTxt2ImgProcessingAPI

    server = Api(FastAPI(), call_queue.queue_lock)

    def txt2img(**fields: Any) -> Any:
        nonlocal server
        if not scripts.scripts_txt2img.scripts:  # a test loaded the scripts anew, and the host's API is made anew then
            server = Api(FastAPI(), call_queue.queue_lock)
        return server.text2imgapi(StableDiffusionTxt2ImgProcessingAPI(**fields))

    return txt2img
