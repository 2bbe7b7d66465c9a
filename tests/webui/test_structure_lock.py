"""A stage's structure lock in the host's sampling: what it does to each prediction, and that nothing of it stays."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from hires_strategies.errors import StrategyError
from hires_strategies.running.lock import locked, weight
from tests.live.client import decode, same

CAPTION = "1girl, red hair, blue dress, standing, full body, outdoors, trees, sunset, smile"
SMALL = {"prompt": "a house", "seed": 1, "steps": 4, "width": 64, "height": 64, "sampler_name": "Euler"}


def answer(api: Callable[..., Any], *texts: str, **fields: Any) -> Any:
    argument = {"strategies": list(texts)}
    return api(**{**SMALL, **fields}, alwayson_scripts={"Hires strategies": {"args": [argument]}} if texts else {})


def pictures(api: Callable[..., Any], *texts: str, **fields: Any) -> list[Image.Image]:
    return [decode(image) for image in answer(api, *texts, **fields).images]


def records(given: Any) -> list[dict[str, Any]]:
    return list(json.loads(given.info)["hires_strategies"])


@pytest.fixture
def left() -> Iterator[list[Any]]:
    """What is held for a sampling; nothing may be left of it after a test."""
    from hires_strategies.webui.host import changed_predictions

    yield changed_predictions._sampling
    assert changed_predictions._sampling == []


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """Each run of the model in a second pass: its sigma and latents, the CFG's result before and after all others."""
    from modules import script_callbacks
    from modules.sd_samplers_kdiffusion import KDiffusionSampler

    seen: list[SimpleNamespace] = []
    starts: list[torch.Tensor] = []
    sample = KDiffusionSampler.sample_img2img

    def sample_img2img(self: Any, p: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        starts.append(x)
        try:
            return sample(self, p, x, *args, **kwargs)
        finally:
            starts.pop()

    def begun(params: Any) -> None:
        if starts:
            seen.append(SimpleNamespace(sigma=float(params.sigma[0]), start=starts[-1]))

    def before(params: Any) -> None:
        if starts:
            seen[-1].before = params.x

    def after(params: Any) -> None:
        if starts:
            seen[-1].after = params.x

    monkeypatch.setattr(KDiffusionSampler, "sample_img2img", sample_img2img)
    made = {each.__name__: script_callbacks.ScriptCallback(__file__, each) for each in (begun, before, after)}
    around = {"cfg_denoiser": ([made["begun"]], []), "cfg_after_cfg": ([made["before"]], [made["after"]])}
    for kind, (first, last) in around.items():
        own = script_callbacks.callback_map[f"callbacks_{kind}"]
        monkeypatch.setitem(script_callbacks.callback_map, f"callbacks_{kind}", [*first, *own, *last])
    return seen


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M", "DPM++ SDE", "Heun"])
@pytest.mark.parametrize("stage", [("Latent x2 @0.8", (8, 8)), ("Lanczos x1 @0.8", (4, 4))])
def test_each_prediction_is_drawn_to_the_stages_start(
    api: Callable[..., Any], watched: list[Any], left: list[Any], sampler: str, stage: tuple[str, tuple[int, int]]
) -> None:
    text, size = stage
    answer(api, f"{text} [lock 0.5; sampler {sampler}]", batch_size=2)
    assert len(watched) >= 4
    for run in watched:
        assert run.before.shape == run.start.shape and len(run.start) == 2
        assert torch.equal(run.after, locked(run.before, run.start, size, 0.5 * weight(run.sigma)))


def test_a_flow_models_sigma_is_its_noise_over_signal(
    api: Callable[..., Any], watched: list[Any], left: list[Any]
) -> None:
    given = answer(api, "Latent x2 @1 [lock]", override_settings={"sd_model_checkpoint": "figures-flow"})
    assert records(given)[0]["error"] is None and watched[0].sigma == 1
    for run in watched:
        sigma = run.sigma / (1 - run.sigma) if run.sigma < 1 else float("inf")
        assert torch.equal(run.after, locked(run.before, run.start, (8, 8), weight(sigma)))


def test_a_stage_without_it_is_untouched(api: Callable[..., Any], watched: list[Any], left: list[Any]) -> None:
    answer(api, "Latent x2 @0.8 [lock]", "Latent x2 @0.8", "Latent x2 @0.8 [lock] > Lanczos x1 @0.5")
    touched = [run.before is not run.after for run in watched]
    assert touched == [True] * 4 + [False] * 8


def test_the_same_text_gives_the_same_bits_alone_and_beside_others(api: Callable[..., Any], left: list[Any]) -> None:
    plain = pictures(api)[0]
    chain = "Latent x2 @0.8 [lock] > Lanczos x1 @0.9 [lock 0.5]"
    texts = ["Latent x2 @0.8", "Latent x2 @0.8 [lock]", "Latent x2 @0.8 [lock 0.5]", chain]
    alone = [pictures(api, text)[0] for text in texts]
    again = [pictures(api, text)[0] for text in texts]
    together = pictures(api, *texts)
    assert len(together) == 4
    for one, other, third in zip(alone, again, together, strict=True):
        assert same(one, other) and same(one, third)
    assert not any(same(alone[0], other) for other in alone[1:]) and not same(alone[1], alone[2])
    assert same(pictures(api)[0], plain)


def test_each_image_of_a_batch_keeps_to_its_own_start(api: Callable[..., Any], watched: list[Any]) -> None:
    one, other = pictures(api, "Latent x2 @0.8 [lock]", batch_size=2, override_settings={"return_grid": False})
    assert not same(one, other)
    assert not torch.equal(watched[0].start[0], watched[0].start[1])


def test_a_refiner_takes_over_within_it(api: Callable[..., Any], watched: list[Any], left: list[Any]) -> None:
    text = "Latent x2 @0.8 [lock; refiner figures-shifted; refiner at 0.5]"
    assert records(answer(api, text))[0]["error"] is None
    assert len(watched) == 4
    for run in watched:
        assert torch.equal(run.after, locked(run.before, run.start, (8, 8), weight(run.sigma)))


def test_noise_samplers_are_refused_before_anything_runs(api: Callable[..., Any], watched: list[Any]) -> None:
    from fastapi import HTTPException

    for text, sampler in (("Latent x2 @0.8 [lock]", "DDIM"), ("Latent x2 @0.8 [lock; sampler DDIM]", "Euler")):
        with pytest.raises((StrategyError, HTTPException), match="the sampler DDIM works on noise"):
            answer(api, text, sampler_name=sampler)
    assert watched == []


def test_a_sampler_that_is_not_known_is_asked_when_it_runs(
    api: Callable[..., Any], left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import sd_samplers

    ddim = next(each for each in sd_samplers.all_samplers if each.name == "DDIM")
    mine = ddim._replace(name="Mine", aliases=[])
    monkeypatch.setattr(sd_samplers, "all_samplers", [*sd_samplers.all_samplers, mine])
    monkeypatch.setitem(sd_samplers.all_samplers_map, "Mine", mine)
    given = answer(api, "Lanczos x2", "Latent x2 @0.8 [lock; sampler Mine]")
    assert [bool(record["error"]) for record in records(given)] == [False, True]
    assert "the sampler Mine works on noise" in records(given)[1]["error"]


def test_what_fails_in_it_is_told_and_leaves_nothing(
    api: Callable[..., Any], left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.webui.host import structure_lock

    whole = pictures(api, "Latent x2 @0.8 [lock]")[0]

    def fails(*args: Any) -> Any:
        raise RuntimeError("no memory for the coarse part")

    with monkeypatch.context() as inner:
        inner.setattr(structure_lock, "locked", fails)
        found = records(answer(api, "Lanczos x2", "Latent x2 @0.8 [lock]"))
    assert found[0]["error"] is None and "no memory for the coarse part" in found[1]["error"]
    assert same(pictures(api, "Latent x2 @0.8 [lock]")[0], whole)


def test_a_host_that_does_not_call_is_found_out(
    api: Callable[..., Any], left: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import script_callbacks

    monkeypatch.setitem(script_callbacks.callback_map, "callbacks_cfg_after_cfg", [])
    found = records(answer(api, "Lanczos x2", "Latent x2 @0.8 [lock]"))
    assert "its sampler tells no extension what it predicts" in found[1]["error"]


def test_another_sampling_in_between_is_left_alone(
    api: Callable[..., Any], watched: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a script that makes a whole picture of its own while ours is being sampled."""
    from modules import script_callbacks, sd_samplers_cfg_denoiser

    others: list[bool] = []
    forward = sd_samplers_cfg_denoiser.CFGDenoiser.forward

    def twice(self: Any, *args: Any, **kwargs: Any) -> Any:
        foreign = script_callbacks.CFGDenoiserParams(args[0], None, args[1], 0, 0, None, None, object())
        script_callbacks.cfg_denoiser_callback(foreign)
        done = script_callbacks.AfterCFGCallbackParams(args[0], 0, 0)
        script_callbacks.cfg_after_cfg_callback(done)
        others.append(done.x is args[0])
        return forward(self, *args, **kwargs)

    text = "Latent x2 @0.8 [lock]"
    before = pictures(api, text)[0]
    monkeypatch.setattr(sd_samplers_cfg_denoiser.CFGDenoiser, "forward", twice)
    assert same(pictures(api, text)[0], before)
    assert len(others) >= 4 and all(others)


def test_an_interrupt_leaves_nothing(api: Callable[..., Any], left: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import shared
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    text = "Lanczos x1 > Latent x2 @0.8 [lock]"
    whole = pictures(api, text)[0]
    forward, until = CFGDenoiser.forward, [0]

    def interrupting(self: Any, *args: Any, **kwargs: Any) -> Any:
        if left:
            until[0] -= 1
            shared.state.interrupted = shared.state.interrupted or not until[0]
        return forward(self, *args, **kwargs)

    for runs in (1, 3):
        until[0] = runs
        with monkeypatch.context() as inner:
            inner.setattr(CFGDenoiser, "forward", interrupting)
            (record,) = records(answer(api, text))
        assert record["error"].endswith("was not finished: the user interrupted it.") and left == []
    assert same(pictures(api, text)[0], whole)


def test_the_page_says_it_and_why_it_is_refused(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 64, "steps": 20, "sampler": "Euler", "scheduler": "Automatic"}
    assert "structure lock 0.5" in preview("Latent x2 @0.7 [lock 0.5]", values).plan
    refused = preview("Latent x2 @0.7 [lock]", {**values, "sampler": "DDIM"}).line
    assert "works on noise over timesteps" in refused


def test_it_keeps_the_layout_where_the_strength_would_not(api: Callable[..., Any]) -> None:
    from figures.measures import layout_kept

    texts = ["Lanczos x2 @0.9", "Lanczos x2 @0.9 [lock]"]
    given = api(
        prompt=CAPTION, seed=40, batch_size=6, steps=10, cfg_scale=4, width=128, height=128, sampler_name="Euler",
        scheduler="Automatic",
        alwayson_scripts={"Hires strategies": {"args": [{"strategies": texts, "first_pass": True}]}},
    )  # fmt: skip
    made: dict[str, list[np.ndarray]] = {}
    for record in records(given):
        name = record["strategy"] if record["kind"] == "variant" else record["kind"]
        image = Image.open(io.BytesIO(base64.b64decode(given.images[record["index"]]))).convert("RGB")
        made.setdefault(name, []).append(np.asarray(image))
    kept = {text: np.mean([layout_kept(*pair) for pair in zip(made["first_pass"], made[text])]) for text in texts}
    assert kept[texts[1]] > 0.8 > kept[texts[0]] + 0.1, kept
