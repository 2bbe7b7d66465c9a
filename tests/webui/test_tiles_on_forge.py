"""Tiles where the host looks the model up in a patcher, by a stand-in as was read (Forge dfdcbab6)."""

from __future__ import annotations

import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hires_strategies.planning.tiles import tiles_of
from hires_strategies.running.tile_mean import TileMean, by_rows, cut
from hires_strategies.webui.host.forks.inner_model import stand_around
from hires_strategies.webui.neighbours.controlnet_in_tiles import HintsInTiles

TILES = tiles_of((256, 192), 96, 32, 8)  # 12 of 12 x 12 latents, of 32 x 24
X = torch.randn(1, 4, 24, 32, generator=torch.Generator().manual_seed(1))


class Patcher:
    """backend/patcher/unet.py: a clone has its own options, and the same list of networks."""

    def __init__(self) -> None:
        self.model_options: dict[str, Any] = {}
        self.controlnet_linked_list: Any = None
        self.cloned = 0

    def clone(self) -> Patcher:
        self.cloned += 1
        clone = Patcher()
        clone.model_options = copy.deepcopy(self.model_options)
        clone.controlnet_linked_list = self.controlnet_linked_list
        return clone

    def set_model_unet_function_wrapper(self, wrapper: Any) -> None:
        self.model_options["model_function_wrapper"] = wrapper

    def memory_required(self, input_shape: Any) -> int:
        return int(torch.tensor(list(input_shape)).prod())


class Network:
    """backend/patcher/controlnet.py: its hint becomes as large as the latents, and is kept."""

    def __init__(self, hint: torch.Tensor, previous: Any = None) -> None:
        self.cond_hint_original, self.previous_controlnet = hint, previous
        self.cond_hint: Any = None
        self.transformer_options: dict[str, Any] = {}
        self.sizes: list[tuple[int, ...]] = []

    def get_models(self) -> list[str]:
        return ["its model"]

    def get_control(self, x: torch.Tensor, t: Any, cond: Any, batched_number: int) -> torch.Tensor:
        self.sizes.append(tuple(x.shape))
        before = 0 if self.previous_controlnet is None else self.previous_controlnet.get_control(x, t, cond, 0)
        size = x.shape[2] * 8, x.shape[3] * 8
        if self.cond_hint is None or tuple(self.cond_hint.shape[2:]) != size:
            self.cond_hint = torch.nn.functional.interpolate(self.cond_hint_original, size=size, mode="nearest-exact")
        return torch.nn.functional.avg_pool2d(self.cond_hint, 8) + before


def apply_model(x: torch.Tensor, t: torch.Tensor, **c: Any) -> torch.Tensor:
    """A model that sees no surroundings."""
    control = c.get("control")
    text = c["c_crossattn"].mean((1, 2)).reshape(-1, 1, 1, 1)
    concat = c.get("c_concat", torch.zeros_like(x))
    return torch.sin(x) * t.reshape(-1, 1, 1, 1) + text + concat + (0 if control is None else control)


def evaluated(unet: Patcher, **options: Any) -> torch.Tensor:
    """What calc_cond_uncond_batch does for one positive and one negative conditioning."""
    x, t = torch.cat([X, X]), torch.tensor([0.7, 0.7])
    c: dict[str, Any] = {
        "c_crossattn": torch.tensor([1.0, -1.0]).reshape(2, 1, 1).expand(2, 77, 8),
        "c_concat": x * 0.1,
    }
    c["transformer_options"] = {
        "cond_or_uncond": [1, 0], "sigmas": t[:1], "cond_mark": torch.tensor([1.0, 0.0]),
        "cond_indices": [1], "uncond_indices": [0], **options,
    }  # fmt: skip
    control = network = unet.controlnet_linked_list
    while network is not None:
        network.transformer_options = c["transformer_options"]
        network = network.previous_controlnet
    if control is not None:
        c["control"], c["control_model"] = control.get_control(x, t, c.copy(), 2), control
    wrapper = unet.model_options.get("model_function_wrapper")
    if wrapper is None:
        return apply_model(x, t, **c)
    return wrapper(apply_model, {"input": x, "timestep": t, "c": c, "cond_or_uncond": [1, 0]})


class Denoiser:
    def update_inner_model(self) -> None:
        """The conditioning of another model."""


def job(unet: Patcher) -> Any:
    """A stage's `q`, of which the model has this UNet."""
    sampler = SimpleNamespace(model_wrap_cfg=Denoiser())
    return SimpleNamespace(
        sampler=sampler, sampler_name="Euler", sd_model=SimpleNamespace(forge_objects=SimpleNamespace(unet=unet))
    )


def around(mean: TileMean, seen: list[Any]) -> Any:
    def predicted(run: Any, x: Any, t: Any, given: Any, several: bool) -> torch.Tensor:
        def predict(tiles: list[Any]) -> torch.Tensor:
            seen.append(len(tiles))
            made: torch.Tensor = run(*cut((x, t, given), tiles, x), tiles)
            return made

        return mean.of(x, predict, 99 if several and by_rows((t, given), len(x)) else 1)

    return predicted


def tiled(unet: Patcher, at_once: int = 1, **options: Any) -> tuple[torch.Tensor, list[int]]:
    q = job(unet)
    seen: list[int] = []
    with stand_around(q, around(TileMean(TILES, at_once, lambda: None), seen), (at_once, 12, 12)):
        result = evaluated(q.sd_model.forge_objects.unet, **options)
    assert q.sd_model.forge_objects.unet is unet and unet.cloned == 1
    assert vars(q.sampler.model_wrap_cfg) == {}
    return result, seen


@pytest.mark.parametrize(("at_once", "runs"), [(1, [1] * 12), (5, [5, 5, 2])])
def test_tiles_are_runs_of_the_host_s_own(at_once: int, runs: list[int]) -> None:
    unet = Patcher()
    result, seen = tiled(unet, at_once)
    assert seen == runs and torch.allclose(result, evaluated(unet), atol=1e-5)
    assert unet.model_options == {}


def test_what_patches_are_told_goes_with_the_batch() -> None:
    told: list[Any] = []
    q = job(Patcher())
    with stand_around(q, around(TileMean(TILES, 3, lambda: None), []), (3, 12, 12)):
        wrapper = q.sd_model.forge_objects.unet.model_options["model_function_wrapper"]
        options = {"cond_or_uncond": [1, 0], "cond_mark": torch.tensor([1.0, 0.0]), "uncond_indices": [0]}
        c = {"c_crossattn": torch.zeros(2, 77, 8), "transformer_options": options}
        given = {"input": torch.cat([X, X]), "timestep": torch.ones(2), "c": c, "cond_or_uncond": [1, 0]}

        def model(x: torch.Tensor, t: torch.Tensor, **c: Any) -> torch.Tensor:
            told.append(c["transformer_options"])
            return x

        wrapper(model, given)
    assert told[0]["cond_or_uncond"] == [1, 0] * 3 and told[0]["uncond_indices"] == [0, 2, 4]
    assert told[0]["cond_mark"].tolist() == [1, 0] * 3 and options["cond_or_uncond"] == [1, 0]


def test_another_extension_s_wrapper_and_patches_see_one_tile_at_a_time() -> None:
    unet, rows = Patcher(), []

    def theirs(apply: Any, given: dict[str, Any]) -> torch.Tensor:
        rows.append(tuple(given["input"].shape))
        return apply(given["input"], given["timestep"], **given["c"]) * 2

    unet.set_model_unet_function_wrapper(theirs)
    result, seen = tiled(unet, 5)
    assert seen == [1] * 12 and set(rows) == {(2, 4, 12, 12)}
    assert torch.allclose(result, evaluated(unet), atol=1e-5)


@pytest.mark.parametrize("more", [{"patches": {"attn1_patch": [print]}}, {"of_rows": torch.zeros(2)}])
def test_what_is_told_besides_may_belong_to_the_batch(more: dict[str, Any]) -> None:
    assert tiled(Patcher(), 5, **more)[1] == [1] * 12


def test_neo_tells_the_whole_schedule() -> None:
    assert tiled(Patcher(), 5, sampling_sigmas=torch.linspace(1, 0, 4))[1] == [5, 5, 2]


@pytest.mark.parametrize("size", [(192, 256), (96, 128), (100, 100)])
def test_networks_see_their_hints_tile_by_tile(size: tuple[int, int]) -> None:
    unet = Patcher()
    rows = torch.linspace(0, 1, size[0]).reshape(-1, 1) + torch.linspace(0, 3, size[1])
    first = Network(torch.stack([rows] * 4)[None])
    unet.controlnet_linked_list = second = Network(first.cond_hint_original * 2, first)
    whole, hint = evaluated(unet), first.cond_hint_original
    first.sizes.clear()
    result, seen = tiled(unet, 5)
    assert seen == [1] * 12 and set(first.sizes) == {(2, 4, 12, 12)}
    assert torch.allclose(result, whole, atol=0.1 if size == (100, 100) else 1e-4)
    assert first.cond_hint_original is hint and first.cond_hint is None and unet.controlnet_linked_list is second


def test_the_host_still_finds_the_networks_models() -> None:
    unet = Patcher()
    unet.controlnet_linked_list = network = Network(torch.zeros(1, 4, 192, 256))
    q = job(unet)
    with stand_around(q, around(TileMean(TILES, 1, lambda: None), []), (1, 12, 12)):
        clone = q.sd_model.forge_objects.unet
        assert clone.controlnet_linked_list.get_models() == ["its model"]
        assert clone.controlnet_linked_list.previous_controlnet is network
        assert clone.memory_required([2, 4, 24, 32]) == 2 * 4 * 12 * 12


def test_a_run_that_has_no_tiles_has_its_networks() -> None:
    """Some samplers also run the model for the picture at half its size."""
    unet = Patcher()
    unet.controlnet_linked_list = Network(torch.rand(1, 4, 192, 256))
    whole, q = evaluated(unet), job(unet)
    with stand_around(q, lambda run, x, t, given, several: run(x, t, given, []), (1, 12, 12)):
        assert torch.equal(evaluated(q.sd_model.forge_objects.unet), whole)


def test_a_refiner_s_model_runs_in_tiles_and_is_left_as_it_was() -> None:
    unet, other = Patcher(), Patcher()
    q = job(unet)
    seen: list[int] = []
    with stand_around(q, around(TileMean(TILES, 1, lambda: None), seen), (1, 12, 12)):
        objects, q.sd_model = q.sd_model.forge_objects, SimpleNamespace(forge_objects=SimpleNamespace(unet=other))
        q.sampler.model_wrap_cfg.update_inner_model()
        evaluated(q.sd_model.forge_objects.unet)
    assert seen == [1] * 12 and q.sd_model.forge_objects.unet is other and objects.unet is unet


@pytest.mark.parametrize("where", ["model", "network"])
def test_what_fails_in_a_tile_leaves_everything_as_it_was(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unet = Patcher()
    hint = torch.rand(1, 4, 192, 256)
    unet.controlnet_linked_list = network = Network(hint)
    q, count = job(unet), [5]

    def failing(*args: Any, **kwargs: Any) -> Any:
        count[0] -= 1
        if not count[0]:
            raise RuntimeError("a tile failed")
        return torch.zeros(2, 4, 12, 12)

    if where == "network":
        monkeypatch.setattr(network, "get_control", failing)
    else:
        monkeypatch.setitem(globals(), "apply_model", failing)
    within = stand_around(q, around(TileMean(TILES, 1, lambda: None), []), (1, 12, 12))
    with pytest.raises(RuntimeError, match="a tile failed"), within:
        evaluated(q.sd_model.forge_objects.unet)
    assert q.sd_model.forge_objects.unet is unet and network.cond_hint_original is hint and network.cond_hint is None


class Param:
    """scripts/hook.py of sd-webui-controlnet 1.1.455: another hint makes it forget what was used."""

    def __init__(self, hint: Any, hires: Any) -> None:
        self._hint_cond, self.hr_hint_cond = hint, hires
        self.used_hint_cond: Any = None
        self.used_hint_cond_latent: Any = None
        self.used_hint_inpaint_hijack: Any = None
        self.effective_region_mask: Any = None

    @property
    def hint_cond(self) -> Any:
        return self._hint_cond

    @hint_cond.setter
    def hint_cond(self, hint: Any) -> None:
        self._hint_cond = hint
        self.used_hint_cond = self.used_hint_cond_latent = None

    def run(self, height: int) -> bool:
        """A run of the model that sees so many pixels; whether it took the hint of Hires. fix."""
        second = self.hr_hint_cond is not None and not (
            abs(height - self.hint_cond.shape[2]) < abs(height - self.hr_hint_cond.shape[2])
        )
        hint = self.hr_hint_cond if second else self.hint_cond
        if self.used_hint_cond is not hint:
            self.used_hint_cond, self.used_hint_cond_latent = hint, None
        if self.used_hint_cond_latent is None:
            self.used_hint_cond_latent = object()
        return second


def test_hooked_hints_are_those_of_hires_fix_in_each_tile() -> None:
    hint, hires = torch.zeros(1, 3, 96, 128), torch.rand(1, 3, 192, 256)
    param, other = Param(hint, hires), Param(SimpleNamespace(embedding=1), None)
    param.effective_region_mask = mask = torch.rand(1, 1, 192, 256)
    param.run(192)
    used, latent = param.used_hint_cond, param.used_hint_cond_latent
    mean, hints = TileMean(TILES, 1, lambda: None), HintsInTiles()
    latents: list[Any] = []
    for _ in range(2):
        for tile in mean.tiles:
            with hints.cut([param, other], tile):
                assert param.run(96), "taken for a first pass"
                assert torch.equal(param.used_hint_cond, tile.of_picture(hires))
                assert param.effective_region_mask.shape == (1, 1, 96, 96)
                assert other.hint_cond.embedding == 1
                latents.append(param.used_hint_cond_latent)
            assert param.hint_cond is hint and param.hr_hint_cond is hires and param.effective_region_mask is mask
            assert param.used_hint_cond is used and param.used_hint_cond_latent is latent
    assert latents[:12] == latents[12:] and len(set(latents)) == 12, "each tile is encoded once"
    assert hints.encoded


def test_hooked_hints_are_those_of_each_stages_tiles() -> None:
    """Two stages of one size share what was prepared for the first of them; the second has other tiles."""
    hires = torch.rand(1, 3, 192, 256)
    param, hints = Param(torch.zeros(1, 3, 96, 128), hires), HintsInTiles()
    for tiles in (TILES, replace(TILES, only=((8, 4), (12, 12)))):
        for tile in TileMean(tiles, 1, lambda: None).tiles:
            with hints.cut([param], tile):
                assert torch.equal(param.hint_cond, tile.of_picture(hires))


def test_hooked_hints_are_put_back_after_an_error() -> None:
    hires = torch.rand(1, 3, 192, 256)
    param = Param(torch.zeros(1, 3, 96, 128), hires)
    with pytest.raises(RuntimeError), HintsInTiles().cut([param], TileMean(TILES, 1, lambda: None).tiles[3]):
        raise RuntimeError
    assert param.hr_hint_cond is hires and param.used_hint_cond is None
