"""The hooks of each finished image: copies of `p` run through them, and what the host does to an image."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
import pytest
from PIL import Image

STRATEGY = "Nearest x2 > Lanczos x2"


@pytest.fixture
def p(api: Callable[..., Any]) -> Any:
    """A generation that has begun, with a runner that has no scripts."""
    from modules import processing, scripts

    p = processing.StableDiffusionProcessingTxt2Img(prompt="a house", width=64, height=64, steps=3)
    p.scripts_value = scripts.ScriptRunner()
    p.script_args_value = []
    return p


@pytest.mark.parametrize("hooks_called", [("before_process", "process"), ("process",)])
def test_a_copy_run_through_the_hooks_leaves_the_texts_alone(p: Any, hooks_called: tuple[str, ...]) -> None:
    from hires_strategies.webui import hooks
    from hires_strategies.webui.host import infotext, parameters

    hooks.before_process(p, (STRATEGY,))
    hooks.process(p)
    assert p.extra_generation_params == {infotext.KEY: STRATEGY}
    parameters.write(p, {infotext.KEY: ["Nearest x2"], "Eta DDIM": ["0.5"]})  # the second stage was interrupted
    before, job = dict(p.extra_generation_params), hooks.job_of(p)
    q = copy(p)
    for hook in hooks_called:
        arguments: tuple[Any, ...] = ((STRATEGY,),) if hook == "before_process" else ()
        getattr(hooks, hook)(q, *arguments)
    assert p.extra_generation_params == before and hooks.job_of(p) is job
    assert q.extra_generation_params[infotext.KEY] == STRATEGY


def test_a_generation_begun_anew_begins_anew(p: Any) -> None:
    from hires_strategies.webui import hooks
    from hires_strategies.webui.host import infotext

    parameters = p.extra_generation_params
    hooks.before_process(p, (STRATEGY,))
    hooks.process(p)
    first = hooks.job_of(p)
    hooks.before_process(p, ("Nearest x2",))
    hooks.process(p)
    assert hooks.job_of(p) is not first and p.extra_generation_params is parameters
    assert parameters == {infotext.KEY: "Nearest x2"}


class Halves:
    """A restorer that halves every value."""

    def name(self) -> str:
        return "Halves"

    def restore(self, np_image: Any) -> Any:
        return np_image // 2


@pytest.mark.parametrize("faces", [False, True])
@pytest.mark.parametrize("overlays", [False, True])
@pytest.mark.parametrize("corrected", [False, True])
def test_an_image_is_finished_as_the_host_does_it(
    p: Any, monkeypatch: pytest.MonkeyPatch, faces: bool, overlays: bool, corrected: bool
) -> None:
    from modules import processing, shared

    from hires_strategies.webui.host import each_image

    monkeypatch.setattr(shared, "face_restorers", [Halves()])
    monkeypatch.setitem(shared.opts.data, "face_restoration_model", "Halves")
    array = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    p.batch_index, p.restore_faces = 1, faces
    if overlays:
        p.overlay_images = [None, Image.new("RGBA", (32, 32), (250, 0, 0, 90))]
    if corrected:
        p.color_corrections = [None, np.full((4, 4, 3), 90)]
    expected = np.asarray(processing._finish_image(p, array))
    assert np.array_equal(expected, array) != (faces or overlays or corrected)
    assert np.array_equal(np.asarray(each_image.finish(p, Image.fromarray(array))), expected)


def test_errors_that_the_host_swallows_are_seen(p: Any) -> None:
    from modules import errors

    from hires_strategies.webui.host import each_image

    report = errors.report
    with each_image.watched() as found:
        try:
            raise RuntimeError("no face in this picture")
        except RuntimeError:
            errors.report("Error running postprocess_image", exc_info=True)
        errors.report("A remark")
    assert found == ["no face in this picture."] and errors.report is report
