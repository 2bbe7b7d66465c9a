"""The workbench in this process, for what cannot be seen over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


@pytest.fixture
def counted(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Grows by the sigma (or timestep) of each call of the model."""
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    calls: list[float] = []
    forward = CFGDenoiser.forward

    def counting(self: Any, x: Any, sigma: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(float(sigma[0]))
        return forward(self, x, sigma, *args, **kwargs)

    monkeypatch.setattr(CFGDenoiser, "forward", counting)
    return calls


@pytest.fixture
def found_file(api: Callable[..., Any]) -> Iterator[Any]:
    """The file of found strengths, which is not there before a test, nor after it."""
    from hires_strategies.webui.files import remembered_file

    remembered_file().path.unlink(missing_ok=True)
    yield remembered_file()
    remembered_file().path.unlink(missing_ok=True)


@pytest.fixture
def remembered(found_file: Any) -> Any:
    """That file, with the usual checkpoint loaded."""
    from modules import sd_models

    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights()
    return found_file
