"""Too little memory, on the workbench: the autoencoder in tiles, one image of a batch, and what the page says."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

Api = Callable[..., Any]


@pytest.fixture
def model(api: Api) -> Any:
    from modules import sd_models, shared

    sd_models.reload_model_weights()
    return shared.sd_model


@pytest.fixture(scope="module")
def picture() -> Any:
    """A scene of soft and sharp places, 1,3,H,W in [-1,1]."""
    import torch

    rows, columns = np.mgrid[0:192, 0:256] / 64.0
    waves = np.stack([np.sin(rows + shift) * np.cos(columns * (1 + shift / 3)) for shift in range(3)])
    waves[:, 40:90, 150:220] = np.array([0.9, -0.4, -0.8])[:, None, None]
    return torch.from_numpy(waves.astype(np.float32))[None]


def states(network: Any) -> Any:
    return [(name, len(module._forward_hooks), "forward" in vars(module)) for name, module in network.named_modules()]


def apart(one: Any, other: Any) -> tuple[float, float]:
    return float((one - other).abs().mean()), float((one - other).abs().max())


def test_an_autoencoder_in_tiles_gives_about_the_same_and_leaves_no_trace(model: Any, picture: Any) -> None:
    from hires_strategies.webui.host import tiled_autoencoder

    network = model.first_stage_model
    before = states(network)
    latents = network.encode(picture).latent_dist.mean
    whole = network.decode(latents).sample
    seen: list[tuple[int, ...]] = []
    hooks = [
        part.conv_in.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape[-2:])))
        for part in (network.encoder, network.decoder)
    ]
    with tiled_autoencoder.in_tiles(True):
        encoded = network.encode(picture).latent_dist.mean
        decoded = network.decode(latents).sample
    for hook in hooks:
        hook.remove()
    assert len(seen) > 10 and max(height * width for height, width in seen) <= 128 * 128
    assert encoded.shape == latents.shape and decoded.shape == whole.shape
    assert apart(decoded, whole)[0] < 0.03
    assert apart(encoded, latents)[0] < 0.05 * float(latents.std())
    assert states(network) == before
    assert apart(network.decode(latents).sample, whole) == (0, 0)


def test_statistics_of_the_whole_keep_colours_from_stepping(
    model: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.webui.host import tiled_autoencoder

    network = model.first_stage_model
    latents = network.encode(picture).latent_dist.mean
    whole = network.decode(latents).sample

    def colours_off() -> float:
        """The mean difference of places large enough to have a colour."""
        import torch

        with tiled_autoencoder.in_tiles(True):
            off = network.decode(latents).sample - whole
        return float(torch.nn.functional.avg_pool2d(off, 32).abs().mean())

    held = colours_off()
    monkeypatch.setattr(tiled_autoencoder._Norms, "hold", lambda self: self.__exit__())
    assert held < 0.7 * colours_off()


def test_fine_grain_is_encoded_as_grain(model: Any, picture: Any) -> None:
    """Made smaller it is nearly grey, whose statistics are not its own."""
    import torch

    from hires_strategies.webui.host import tiled_autoencoder

    grain = torch.randn(picture.shape, generator=torch.Generator().manual_seed(3)).clamp(-2, 2) / 2
    whole = model.first_stage_model.encode(grain).latent_dist.mean
    with tiled_autoencoder.in_tiles(True):
        tiled = model.first_stage_model.encode(grain).latent_dist.mean
    assert apart(tiled, whole)[0] < 0.3 * float(whole.std())


def test_an_error_in_a_tile_leaves_no_trace(model: Any, picture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.webui.host import tiled_autoencoder

    network = model.first_stage_model
    before, calls = states(network), [0]
    forward = type(network.encoder).forward

    def failing(self: Any, *args: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise MemoryError
        return forward(self, *args)

    monkeypatch.setattr(type(network.encoder), "forward", failing)
    with pytest.raises(MemoryError), tiled_autoencoder.in_tiles(True):
        network.encode(picture)
    assert states(network) == before


def test_what_another_extension_put_there_stays(model: Any, picture: Any) -> None:
    from hires_strategies.webui.host import tiled_autoencoder

    decoder, own = model.first_stage_model.decoder, model.first_stage_model.decoder.forward
    seen = []

    def hooked(x: Any) -> Any:
        seen.append(x.shape)
        return own(x)

    decoder.forward = hooked
    try:
        with tiled_autoencoder.in_tiles(True):
            assert decoder.forward is hooked
            model.first_stage_model.decode(model.first_stage_model.encode(picture).latent_dist.mean)
        assert decoder.forward is hooked and [tuple(shape[-2:]) for shape in seen] == [(24, 32)]
    finally:
        del decoder.forward


def test_a_live_preview_meanwhile_is_decoded_as_ever_and_changes_nothing(model: Any) -> None:
    import torch

    from hires_strategies.webui.host import tiled_autoencoder

    generator = torch.Generator().manual_seed(3)
    latents, other = (torch.randn(1, 4, 24, 32, generator=generator) for _ in range(2))
    decoder = model.first_stage_model.decoder
    plain = decoder(other)
    with tiled_autoencoder.in_tiles(True):
        alone = decoder(latents)
    own, seen = decoder.conv_out.forward, []

    def with_preview(x: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            with ThreadPoolExecutor(1) as thread:
                seen.append(thread.submit(decoder, other).result())
        return own(x)

    decoder.conv_out.forward = with_preview
    try:
        with tiled_autoencoder.in_tiles(True):
            assert torch.equal(decoder(latents), alone)
    finally:
        del decoder.conv_out.forward
    assert len(seen) > 1 and all(torch.equal(each, plain) for each in seen)


@pytest.mark.parametrize("name", ["memory_management", "model_management"])
@pytest.mark.parametrize("before", [False, True])
def test_a_host_with_its_own_tiles_uses_them(
    model: Any, name: str, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.webui.host import tiled_autoencoder

    manager = SimpleNamespace(VAE_ALWAYS_TILED=before)
    module = ModuleType("a_patcher")
    setattr(module, name, manager)
    monkeypatch.setitem(sys.modules, "a_patcher", module)
    vae = type("VAE", (), {"__module__": "a_patcher"})()
    monkeypatch.setattr(model, "forge_objects", SimpleNamespace(vae=vae), raising=False)
    with pytest.raises(KeyError), tiled_autoencoder.in_tiles(True):
        assert manager.VAE_ALWAYS_TILED is True
        assert "forward" not in vars(model.first_stage_model.decoder)
        raise KeyError
    assert manager.VAE_ALWAYS_TILED is before
    with tiled_autoencoder.in_tiles(False):
        assert manager.VAE_ALWAYS_TILED is before


class Vae:
    """reForge 3b56b268, ldm_patched/modules/sd.py: `decode` does not look at the flag, and nobody calls `decode_inner`;
    and Forge dfdcbab6, backend/patcher/vae.py, where `decode` does by calling it."""

    manager: Any

    def decode(self, samples: Any) -> str:
        return f"whole {samples}"

    def encode(self, pixels: Any) -> str:
        return f"whole {pixels}"

    def decode_inner(self, samples: Any) -> str:
        return f"{'tiles' if self.manager.VAE_ALWAYS_TILED else 'whole'} {samples}"

    encode_inner = decode_inner


class ForgesVae(Vae):
    def decode(self, samples: Any) -> str:
        return f"wrapped {self.decode_inner(samples)}"

    def encode(self, pixels: Any) -> str:
        return f"wrapped {self.encode_inner(pixels)}"


@pytest.mark.parametrize(
    ("kind", "tiles", "whole"), [(Vae, "tiles", "whole"), (ForgesVae, "wrapped tiles", "wrapped whole")]
)
def test_a_host_whose_flag_changes_nothing_by_itself(
    model: Any, kind: Any, tiles: str, whole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.webui.host import tiled_autoencoder

    module: Any = ModuleType("a_patcher")
    kind.manager = module.model_management = SimpleNamespace(VAE_ALWAYS_TILED=False)
    monkeypatch.setitem(sys.modules, "a_patcher", module)
    monkeypatch.setattr(kind, "__module__", "a_patcher")
    vae = kind()
    monkeypatch.setattr(model, "forge_objects", SimpleNamespace(vae=vae), raising=False)
    with pytest.raises(KeyError), tiled_autoencoder.in_tiles(True):
        assert (vae.decode(1), vae.encode(2)) == (f"{tiles} 1", f"{tiles} 2")
        raise KeyError
    assert (vae.decode(1), vae.encode(2)) == (f"{whole} 1", f"{whole} 2")
    assert vars(vae) == {}


def test_a_copy_for_one_image_has_that_image_wherever_it_is_looked_for(api: Api) -> None:
    from hires_strategies.webui.host import one_image

    names = ["seeds", "subseeds", "prompts", "negative_prompts", "hr_prompts", "hr_negative_prompts"]
    batch = {name: [f"{name} {index}" for index in (2, 3)] for name in names}
    every = {f"all_{name}": [f"{name} {index}" for index in range(6)] for name in names}
    for index in (0, 1):
        q: Any = SimpleNamespace(**batch, **every, batch_size=2, iteration=1, n_iter=3)
        one_image.keep_only(q, index)
        assert one_image.of(q) == one_image.OneImage(index, 2)
        for name in names:
            at = f"{name} {2 + index}"
            assert getattr(q, name) == [at]
            of_all = getattr(q, f"all_{name}")
            assert of_all[q.iteration * q.batch_size : (q.iteration + 1) * q.batch_size] == [at] and len(of_all) == 3
        assert (q.batch_size, q.iteration) == (1, 1)


def test_conditioning_of_one_image_is_as_long_as_in_its_batch(api: Api) -> None:
    import torch
    from modules import prompt_parser

    from hires_strategies.webui.host import one_image

    def composed(length: int) -> Any:
        cond = prompt_parser.ScheduledPromptConditioning(9, torch.rand(length, 4))
        return prompt_parser.ComposableScheduledPromptConditioning([cond])

    c = prompt_parser.MulticondLearnedConditioning((2,), [[composed(77)], [composed(154), composed(77)]])
    uc = [[prompt_parser.ScheduledPromptConditioning(9, torch.rand(77, 4))] for _ in range(2)]
    _, whole = prompt_parser.reconstruct_multicond_batch(c, 0)
    for index, rows in ((0, whole[:1]), (1, whole[1:])):
        q: Any = SimpleNamespace(seeds=[1, 2], batch_size=2, iteration=0, n_iter=1)
        one_image.keep_only(q, index)
        alone, alone_uc = one_image.conditioning((c, uc), q)
        assert torch.equal(prompt_parser.reconstruct_multicond_batch(alone, 0)[1], rows)
        assert alone_uc == uc[index : index + 1]
    assert [len(part.schedules[0].cond) for image in c.batch for part in image] == [77, 154, 77]  # left as they were
    dictionary = {"crossattn": torch.rand(77, 4), "vector": torch.rand(8)}
    longer = one_image._repeated(dictionary, 154)
    assert len(longer["crossattn"]) == 154 and len(dictionary["crossattn"]) == 77
    assert longer["vector"] is dictionary["vector"]


@pytest.mark.parametrize("second_pass", [False, True])
def test_a_refiner_s_conditioning_of_one_image_is_as_long_as_in_its_batch(api: Api, second_pass: bool) -> None:
    import torch
    from modules import prompt_parser

    from hires_strategies.webui.host import one_image

    prefix = "hr_" if second_pass else ""
    prompts, negatives = ["short", "a long one " * 8], ["no", "none"]
    lengths = {"short": 77, prompts[1]: 154, "no": 77, "none": 77}
    made = {text: torch.rand(length, 4) for text, length in lengths.items()}

    def scheduled(text: str) -> Any:
        return prompt_parser.ScheduledPromptConditioning(9, made[text])

    class Q(SimpleNamespace):
        def setup_conds(self) -> None:
            """As the host computes them, from the prompts that stand there."""
            given = getattr(self, f"{prefix}prompts"), getattr(self, f"{prefix}negative_prompts")
            parts = [[prompt_parser.ComposableScheduledPromptConditioning([scheduled(text)])] for text in given[0]]
            setattr(self, f"{prefix}c", prompt_parser.MulticondLearnedConditioning((len(parts),), parts))
            setattr(self, f"{prefix}uc", [[scheduled(text)] for text in given[1]])

    for index in (0, 1):
        q: Any = Q(seeds=[1, 2], batch_size=2, iteration=0, n_iter=1, is_hr_pass=second_pass)
        one_image.keep_only(q, index)
        setattr(q, f"{prefix}prompts", prompts[index : index + 1])
        setattr(q, f"{prefix}negative_prompts", negatives[index : index + 1])
        one_image.refine_as_in_batch(q, prompts, negatives)
        q.setup_conds()
        c, uc = getattr(q, f"{prefix}c"), getattr(q, f"{prefix}uc")
        (row,) = prompt_parser.reconstruct_multicond_batch(c, 0)[1]
        assert len(row) == 154 and torch.equal(row[: lengths[prompts[index]]], made[prompts[index]])
        assert [each[0].cond is made[negatives[index]] for each in uc] == [True]
        assert getattr(q, f"{prefix}prompts") == prompts[index : index + 1]


@pytest.fixture
def needs(api: Api) -> Iterator[Any]:
    from hires_strategies.webui.files import memory_file
    from hires_strategies.webui.generation.learnt_times import model_kind

    file = memory_file(model_kind)
    file.path.unlink(missing_ok=True)
    yield file
    file.path.unlink(missing_ok=True)


def test_the_page_says_it_before_generate(needs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.shared import opts

    from hires_strategies.planning.memory_needs import DECODED, TILED, Work
    from hires_strategies.webui import settings
    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 96, "steps": 5, "batch_size": 2, "batch_count": 1}
    assert "did not fit" not in preview("Latent x2 @0.5", values).line
    needs.learn(Work(DECODED, (128, 192), 1), TILED)
    sentence = (
        f"128x192 did not fit into this machine&#x27;s memory on {date.today().isoformat()}: 2 images of 128x192 will "
        "be decoded in tiles."
    )
    assert sentence in preview("Latent x2 @0.5", values).line
    assert "did not fit" not in preview("Latent x1.5 @0.5", values).line
    monkeypatch.setitem(opts.data, settings.LADDER.name, False)
    assert "did not fit" not in preview("Latent x2 @0.5", values).line


def test_the_user_can_have_it_tried_whole_again(needs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.errors import StrategyError
    from hires_strategies.planning.memory_needs import DECODED, TILED, MemoryNeeds, Work
    from hires_strategies.webui.api.routes import forget_memory_needs, plan_answer
    from hires_strategies.webui.page.preview import preview, try_whole

    values = {"width": 64, "height": 96, "steps": 5, "batch_size": 2, "batch_count": 1}
    button = "hires-strategies-try-whole"
    body = {"strategies": "Latent x2 @0.5", "width": 64, "height": 96, "batch_size": 2}
    assert button not in preview("Latent x2 @0.5", values).line
    needs.learn(Work(DECODED, (128, 192), 1), TILED)
    assert preview("Latent x2 @0.5\nLatent x3 @0.5", values).line.count(button) == 1
    (told,) = plan_answer(body)["less_memory"]
    assert told.endswith("2 images of 128x192 will be decoded in tiles.")
    assert try_whole("") == "The next run tries it whole again."
    assert button not in preview("Latent x2 @0.5", values).line and plan_answer(body)["less_memory"] == []
    needs.learn(Work(DECODED, (128, 192), 1), TILED)
    assert forget_memory_needs().body == b'{"forgotten":1}' and forget_memory_needs().body == b'{"forgotten":0}'

    def unwritable(self: Any) -> int:
        raise StrategyError("'memory-needs.json' cannot be written.")

    monkeypatch.setattr(MemoryNeeds, "forget", unwritable)
    assert try_whole("") == "'memory-needs.json' cannot be written."


FIELDS: dict[str, Any] = {"prompt": "a house", "seed": 5, "steps": 4, "width": 64, "height": 64, "batch_size": 2}


@pytest.fixture
def one_at_a_time(api: Api, needs: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows by what is asked at each call of the denoiser in a stage, where memory is too little for two images."""
    import weakref

    import torch
    from modules import progress
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    forward, seen = CFGDenoiser.forward, []
    failed: list[Any] = []

    def little(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        if x.shape[-1] > 8:
            seen.append((len(x), progress._fraction_done(), [each() is not None for each in failed]))
            if len(x) > 1:
                failed.extend(weakref.ref(each) for each in (x, self, self.p, args[0]))
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(self, x, *args, **kwargs)

    monkeypatch.setattr(CFGDenoiser, "forward", little)
    return seen


def test_nothing_of_what_failed_lives_and_the_bar_goes_on(api: Api, one_at_a_time: list[Any]) -> None:
    argument = {"strategies": ["Latent x2 @0.6 [4 steps]"], "reuse_first_pass": False}
    api(**FIELDS, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    images, shown, alive = zip(*one_at_a_time, strict=True)
    assert images == (2, *[1] * (len(images) - 1)) and len(images) > 8
    assert not any(map(any, alive)) and len(alive[-1]) == 4
    assert list(shown) == sorted(shown)
    first, second = shown[1], shown[1 + (len(shown) - 1) // 2]
    assert second - first == pytest.approx((1 - first) / 2, abs=0.1)


def test_what_fits_with_the_setting_off_is_forgotten(api: Api, needs: Any) -> None:
    from hires_strategies.planning.memory_needs import ALONE, SAMPLED, Work
    from hires_strategies.webui.files import memory_file
    from hires_strategies.webui.generation.learnt_times import model_kind

    work = Work(SAMPLED, (96, 96), 1)
    needs.learn(work, ALONE)
    argument = {"strategies": ["Latent x2 @0.6"], "reuse_first_pass": False}
    off = {"hires_strategies_less_memory": False}
    api(**FIELDS, override_settings=off, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    assert memory_file(model_kind).known(work) is None


def test_a_file_that_cannot_be_written_loses_no_picture(
    api: Api, one_at_a_time: list[Any], needs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import errors

    from hires_strategies.errors import StrategyError
    from hires_strategies.planning.memory_needs import MemoryNeeds

    def unwritable(self: Any, work: Any, rung: Any) -> None:
        raise StrategyError("'memory-needs.json' cannot be written.")

    reports: list[str] = []
    monkeypatch.setattr(MemoryNeeds, "learn", unwritable)
    monkeypatch.setattr(errors, "report", lambda text, **_: reports.append(text))
    argument = {"strategies": ["Latent x2 @0.6"], "reuse_first_pass": False}
    answer = api(**FIELDS, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    assert len(answer.images) >= 2
    assert reports == ["Hires strategies: 'memory-needs.json' cannot be written."]
