"""Stages in tiles on the workbench: what the model sees, what comes of it, and that nothing stays behind.

`pointwise` takes the place of the model where a result must not depend on tiles: each latent of its prediction depends
on that latent, its time, its row's conditioning and what an inpainting model is given at that place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.webui.test_latent_shapes import loaded
from tests.webui.test_structure_lock import answer, pictures, records, same

STAGE, TILED = "Lanczos x2 @0.5 [3 steps]", "Lanczos x2 @0.5 [3 steps; tile 64]"
TILES = 9  # of 8 x 8 latents, of 16 x 16 that overlap by 2
SEVERAL = {"width": 128, "height": 128}  # first passes of which each has pixels for 4 tiles


@pytest.fixture
def runs(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """Each run of the model: latents, and what the host showed meanwhile."""
    from modules import shared
    from parts.diffusion import DiffusionModel

    seen: list[SimpleNamespace] = []
    apply_model = DiffusionModel.apply_model

    def watched(self: Any, x: torch.Tensor, t: torch.Tensor, cond: Any) -> torch.Tensor:
        state = shared.state
        seen.append(
            SimpleNamespace(
                shape=tuple(x.shape), text=state.textinfo, step=state.sampling_step, steps=state.sampling_steps,
                model=self.sd_checkpoint_info.name_for_extra,
            )
        )  # fmt: skip
        return apply_model(self, x, t, cond)

    monkeypatch.setattr(DiffusionModel, "apply_model", watched)
    return seen


@pytest.fixture
def pointwise(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """A model without surroundings; the shapes it was called with."""
    from modules import shared
    from parts.diffusion import DiffusionModel

    monkeypatch.setitem(shared.opts.data, "hires_strategies_remember_first_passes", False)
    shapes: list[tuple[int, ...]] = []

    def apply_model(self: Any, x: torch.Tensor, t: torch.Tensor, cond: Any) -> torch.Tensor:
        shapes.append(tuple(x.shape))
        wide = [-1, *[1] * (x.ndim - 1)]
        text = torch.cat(cond["c_crossattn"], 1).mean((1, 2)).reshape(wide)
        time = t.float().reshape(wide) / 1000
        concat = cond["c_concat"][0]
        painted = concat[:, 1:5] if concat.shape[-2:] == x.shape[-2:] and x.ndim == 4 else 0
        return torch.sin(x) * time + text + 0.3 * painted

    monkeypatch.setattr(DiffusionModel, "apply_model", apply_model)
    return shapes


@pytest.fixture(autouse=True)
def plain_pictures_stay(api: Callable[..., Any], request: pytest.FixtureRequest) -> Iterator[None]:
    """A stage without tiles has the bits of before, whatever happened in one with them."""
    if "pointwise" in request.fixturenames:
        yield
        return
    before = pictures(api, "Lanczos x1.5 @0.5")[0]
    yield
    assert same(pictures(api, "Lanczos x1.5 @0.5")[0], before)


def alike(one: Any, other: Any) -> bool:
    """The same picture within the rounding of sums in another order."""
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max()) <= 1


def in_stage(runs: list[SimpleNamespace]) -> list[SimpleNamespace]:
    """The runs of a stage, and of its tiles alone."""
    return [run for run in runs if re.search(r"\]: tiles? [\d to]+ of \d+$", run.text or "")]


CASES: dict[str, dict[str, Any]] = {
    "Euler a": {"sampler_name": "Euler a"},
    "DPM++ SDE": {"sampler_name": "DPM++ SDE"},
    "Heun": {"sampler_name": "Heun"},
    "DDIM": {"sampler_name": "DDIM"},
    "batch": {"batch_size": 2},
    "composed prompts": {"prompt": "a house AND a lake :0.4", "batch_size": 2},
    "texts of two lengths": {"prompt": "a house " * 60, "batch_size": 2},
    "text by text": {"override_settings": {"batch_cond_uncond": False}},
    "skipped negative prompt": {"s_min_uncond": 20.0},
    "scale 1": {"cfg_scale": 1},
}


@pytest.mark.parametrize("size", [{}, SEVERAL])
@pytest.mark.parametrize("name", CASES)
def test_tiles_change_nothing_where_the_model_sees_no_surroundings(
    api: Callable[..., Any], pointwise: list[tuple[int, ...]], name: str, size: dict[str, int]
) -> None:
    own = {"override_settings": {}, **CASES[name]}
    fields = {**own, **size, "override_settings": {"return_grid": False, **own["override_settings"]}}
    whole = pictures(api, STAGE, **fields)
    del pointwise[:]
    tiled = pictures(api, TILED, **fields)
    stage = [shape for shape in pointwise if shape[-1] == 8]
    assert stage and not any(shape[-1] > (16 if size else 8) for shape in pointwise)
    assert len(whole) == fields.get("batch_size", 1)
    assert (max(shape[0] for shape in stage) >= 4 * len(whole)) == bool(size), "several tiles at once"
    assert all(alike(*pair) for pair in zip(whole, tiled, strict=True))


@pytest.mark.parametrize("model", ["figures-inpaint", "figures-frames", "figures-factor-16", "figures-flow"])
def test_other_models_in_tiles(api: Callable[..., Any], pointwise: list[tuple[int, ...]], model: str) -> None:
    with loaded(model):
        whole = pictures(api, STAGE, batch_size=2)[0]
        largest = max(shape[-1] for shape in pointwise)
        del pointwise[:]
        tiled = pictures(api, TILED, batch_size=2)[0]
    assert alike(whole, tiled) and max(shape[-1] for shape in pointwise) == largest // 2


def test_the_model_sees_no_more_than_a_tile(api: Callable[..., Any], runs: list[SimpleNamespace]) -> None:
    assert records(answer(api, TILED))[0]["error"] is None
    assert {run.shape for run in runs} == {(2, 4, 8, 8)} and len(in_stage(runs)) == 3 * TILES


def test_one_tile_is_no_tile(api: Callable[..., Any], runs: list[SimpleNamespace]) -> None:
    whole, one = (pictures(api, text)[0] for text in ("Lanczos x2 @0.5", "Lanczos x2 @0.5 [tile 256]"))
    assert same(whole, one)


def test_the_same_text_gives_the_same_bits_alone_and_beside_others(api: Callable[..., Any]) -> None:
    texts = [TILED, STAGE, "Lanczos x2 @0.5 [2 steps; tile 64; overlap 0]", f"{TILED} > Lanczos x1 @0.4 [tile 96]"]
    alone = [pictures(api, text)[0] for text in texts]
    together = pictures(api, *texts)
    assert all(same(*pair) for pair in zip(alone, together, strict=True))
    assert not same(alone[0], alone[1]) and not same(alone[0], alone[2])


@pytest.mark.parametrize("sampler", ["Euler", "DDIM"])
def test_a_refiner_takes_over_in_tiles(api: Callable[..., Any], runs: list[SimpleNamespace], sampler: str) -> None:
    text = f"Lanczos x2 @0.8 [tile 64; sampler {sampler}; refiner figures-shifted; refiner at 0.7]"
    assert records(answer(api, text))[0]["error"] is None
    stage = in_stage(runs)
    assert {run.shape[-2:] for run in runs} == {(8, 8)} and len(stage) >= 2 * TILES
    assert {run.model for run in stage} == {"figures", "figures-shifted"}


def test_conditioning_is_told_the_size_of_a_tile(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from parts.diffusion import DiffusionModel

    sizes: list[tuple[int, int]] = []
    encode = DiffusionModel.get_learned_conditioning

    def encoded(self: Any, texts: Any) -> Any:
        sizes.append((texts.width, texts.height))
        return encode(self, texts)

    monkeypatch.setattr(DiffusionModel, "get_learned_conditioning", encoded)
    text = "Lanczos x2 @0.5 [tile {}; refiner figures-shifted; refiner at 0.5]"
    answer(api, text.format(64), seed=77)
    assert set(sizes) == {(64, 64)}
    answer(api, STAGE, text.format(96), seed=77)
    assert set(sizes) == {(64, 64), (128, 128), (96, 96)}


def test_a_lock_and_a_search_work_on_tiles(api: Callable[..., Any], runs: list[SimpleNamespace]) -> None:
    given = answer(api, "Lanczos x2 @0.5 [2 steps; tile 64; lock 0.5]", "Lanczos x2 @auto! [tile 64]")
    assert [record["error"] for record in records(given)] == [None, None]
    assert {run.shape[-2:] for run in runs} == {(8, 8)}
    assert len(in_stage(runs)) == (2 + 4) * TILES
    assert sum("Finding" in (run.text or "") for run in runs) == 7 * TILES


def test_a_stages_prompt_is_that_of_its_tiles(api: Callable[..., Any]) -> None:
    one, other = (
        pictures(api, f"Lanczos x2 @0.5 [tile 64; prompt {text}]")[0] for text in ('"a tree"', '"a red coat"')
    )
    assert not same(one, other)


def test_an_error_in_the_middle_of_a_step_leaves_nothing(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import shared
    from parts.diffusion import DiffusionModel

    whole, apply_model, left = pictures(api, TILED)[0], DiffusionModel.apply_model, [4 + TILES + 5]

    def failing(self: Any, *args: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            raise RuntimeError("a tile failed")
        return apply_model(self, *args)

    with monkeypatch.context() as inner:
        inner.setattr(DiffusionModel, "apply_model", failing)
        found = records(
            answer(api, "Lanczos x2", TILED, override_settings={"hires_strategies_remember_first_passes": False})
        )
    assert found[0]["error"] is None and "a tile failed" in found[1]["error"]
    assert isinstance(shared.state.sampling_step, int)
    assert same(pictures(api, TILED)[0], whole)


def test_fewer_tiles_at_once_where_so_many_do_not_fit(
    api: Callable[..., Any], runs: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from parts.diffusion import DiffusionModel

    whole = pictures(api, TILED, **SEVERAL)[0]
    assert max(run.shape[0] for run in in_stage(runs)) == 2 * 4, "as many as the first pass has pixels for"
    apply_model = DiffusionModel.apply_model

    def limited(self: Any, x: torch.Tensor, *args: Any) -> Any:
        if len(x) > 4:
            raise MemoryError
        return apply_model(self, x, *args)

    monkeypatch.setattr(DiffusionModel, "apply_model", limited)
    del runs[:]
    fewer = pictures(api, TILED, **SEVERAL)[0]
    assert {run.shape[0] for run in in_stage(runs)} == {2, 4} and alike(whole, fewer)


@pytest.mark.parametrize("how", ["interrupted", "skipped"])
def test_the_user_ends_it_between_two_tiles(
    api: Callable[..., Any], runs: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from modules import shared
    from parts.diffusion import DiffusionModel

    apply_model = DiffusionModel.apply_model

    def ending(self: Any, *args: Any) -> Any:
        made = apply_model(self, *args)
        if len(in_stage(runs)) == TILES + 3:
            setattr(shared.state, how, True)
        return made

    monkeypatch.setattr(DiffusionModel, "apply_model", ending)
    (record,) = records(answer(api, f"Lanczos x1 > {TILED}", seed=5))
    assert record["error"].endswith(f"was not finished: the user {how} it.")
    assert len(in_stage(runs)) == TILES + 3


def test_the_bar_moves_from_tile_to_tile(
    api: Callable[..., Any], runs: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import script_callbacks

    steps: list[Any] = []
    begun = script_callbacks.ScriptCallback(__file__, lambda params: steps.append(params.sampling_step))
    callbacks = [begun, *script_callbacks.callback_map["callbacks_cfg_denoiser"]]
    monkeypatch.setitem(script_callbacks.callback_map, "callbacks_cfg_denoiser", callbacks)
    answer(api, "Lanczos x2 @0.5 [4 steps; tile 64]")
    stage = in_stage(runs)
    assert stage[2].text == f"Hires stage 1 of 1: Lanczos x2 @0.5 [4 steps; tile 64]: tile 3 of {TILES}"
    at = [run.step for run in stage]
    assert at == sorted(at) and len(set(at[2 * TILES :])) == 2 * TILES, "each tile moves it"
    assert all(type(step) is int for step in steps), "others see whole steps"


def test_heun_moves_the_bar_forwards_alone(api: Callable[..., Any], runs: list[SimpleNamespace]) -> None:
    answer(api, "Lanczos x2 @0.5 [tile 64; sampler Heun]")
    at = [run.step for run in in_stage(runs)]
    assert len(at) > 4 * TILES and at == sorted(at)
