"""Models whose latents have other channels, frames or another size: stages, Direct, memory and sheets are right there.

The workbench's variants are exact re-parameterisations of its model, see tests/workbench/parts/latent_shapes.py.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image, ImageChops

SIDE = 64
SHAPES = ["figures-16-channels", "figures-frames", "figures-factor-16", "figures-multiples", "figures-inpaint"]
SMALL = {"prompt": "a person in a red coat", "steps": 2, "width": SIDE, "height": SIDE, "cfg_scale": 4, "seed": 5,
         "sampler_name": "Euler", "scheduler": "Automatic"}  # fmt: skip


@pytest.fixture(params=SHAPES)
def model(request: pytest.FixtureRequest, api: Callable[..., Any]) -> Iterator[str]:
    """A model of another latent shape, loaded; afterwards the usual one is again."""
    with loaded(request.param) as name:
        yield name


@pytest.fixture
def inpainting(api: Callable[..., Any]) -> Iterator[str]:
    with loaded("figures-inpaint") as name:
        yield name


@pytest.fixture
def flux_2(api: Callable[..., Any]) -> Iterator[str]:
    with loaded("figures-factor-16") as name:
        yield name


@contextmanager
def loaded(name: str) -> Iterator[str]:
    """Within this context that model is loaded and chosen."""
    from modules import sd_models, shared

    before = shared.opts.sd_model_checkpoint
    sd_models.reload_model_weights(info=sd_models.get_closet_checkpoint_match(name))
    try:
        yield name
    finally:
        shared.opts.data["sd_model_checkpoint"] = before
        sd_models.reload_model_weights()


def images(answer: Any) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(image))).convert("RGB") for image in answer.images]


def stages(api: Callable[..., Any], *texts: str, more: dict[str, Any] | None = None, **fields: Any) -> Any:
    argument = {"strategies": list(texts), "reuse_first_pass": False, **(more or {})}
    return api(**{**SMALL, **fields}, alwayson_scripts={"Hires strategies": {"args": [argument]}})


def hires_fix(api: Callable[..., Any], upscaler: str, denoising_strength: float, **fields: Any) -> Any:
    settings = {"hr_upscaler": upscaler, "denoising_strength": denoising_strength, "hr_scale": 2}
    return api(**{**SMALL, **settings, **fields}, enable_hr=True)


def same(one: list[Image.Image], other: list[Image.Image]) -> bool:
    return len(one) == len(other) and all(
        a.size == b.size and not ImageChops.difference(a, b).getbbox() for a, b in zip(one, other, strict=True)
    )


def errors_of(answer: Any) -> list[Any]:
    return [record["error"] for record in json.loads(answer.info)["hires_strategies"]]


@pytest.mark.parametrize(
    ("upscaler", "scale", "fields"),
    [("Latent", 2, {}), ("Lanczos", 2, {"sampler_name": "Euler a"}), ("None", 1.5, {"batch_size": 2})],
)
def test_a_stage_is_hires_fix(
    api: Callable[..., Any], model: str, upscaler: str, scale: float, fields: dict[str, Any]
) -> None:
    if upscaler == "Latent" and model == "figures-inpaint":
        pytest.skip("the host fails there, see below")
    theirs = images(hires_fix(api, upscaler, 0.6, hr_scale=scale, **fields))
    ours = images(stages(api, f"{upscaler} x{scale} @0.6", **fields))
    assert ours[0].size == (int(SIDE * scale), int(SIDE * scale))
    assert same(ours, theirs)


def test_direct_is_txt2img_at_that_size(api: Callable[..., Any], model: str) -> None:
    ours = images(stages(api, "Direct x1.5"))
    assert ours[0].size == (SIDE * 3 // 2, SIDE * 3 // 2)
    assert same(ours, images(api(**{**SMALL, "width": SIDE * 3 // 2, "height": SIDE * 3 // 2})))


def test_a_remembered_first_pass_gives_the_same(api: Callable[..., Any], model: str) -> None:
    texts = ("None x1.5 @0.5", "Latent x1.5 @0.5 > Lanczos x1.5 @0.3")
    fresh = stages(api, *texts)
    for _ in range(2):
        again = stages(api, *texts, more={"reuse_first_pass": True, "stages": True, "sheet": True, "first_pass": True})
    records = json.loads(again.info)["hires_strategies"]
    assert {record["first_pass_reused"] for record in records} == {True}
    assert {record["kind"] for record in records} >= {"variant", "stage", "first_pass", "sheet"}
    assert errors_of(again) == [None] * len(records)
    assert same(images(again)[:2], images(fresh))


def test_siblings_do_not_depend_on_each_other(api: Callable[..., Any], model: str) -> None:
    both = images(stages(api, "Lanczos x1.5 @0.5", "Lanczos x1.5 @0.3"))
    assert same(both[1:], images(stages(api, "Lanczos x1.5 @0.3")))


def test_an_inpainting_model_is_conditioned_at_the_stages_size(api: Callable[..., Any], inpainting: str) -> None:
    """In a latent second pass the host takes the first pass's size."""
    with pytest.raises(RuntimeError, match="Expected size 16 but got size 8"):
        hires_fix(api, "Latent", 0.6)
    assert errors_of(stages(api, "Latent x2 @0.6", "Latent 100x75 @0.6", "Lanczos 100x75 @0.6")) == [None] * 3
    unchanged = images(hires_fix(api, "Latent", 0.6, hr_scale=1))
    assert same(images(stages(api, "Latent x1 @0.6")), unchanged)


@pytest.mark.parametrize(
    ("text", "size"),
    [("None x1.3 @0.5", 112), ("Latent x1.3 @0.5", 112), ("Direct x1.3", 112), ("Lanczos x1.3 > Latent x1 @0.5", 112)],
)
def test_sizes_between_whole_latents(api: Callable[..., Any], flux_2: str, text: str, size: int) -> None:
    """1.3 times 96 are 124 pixels, 7 latents of 16; Flux 2's autoencoder fails at pictures of 15 times 8."""
    answer = stages(api, text, width=96, height=96)
    assert (errors_of(answer), images(answer)[0].size) == ([None], (size, size))


def test_a_first_pass_between_whole_latents(api: Callable[..., Any], flux_2: str) -> None:
    """The size that was asked for is what scales apply to, as with Hires. fix; 100 pixels are 6 latents."""
    more = {"reuse_first_pass": True, "first_pass": True}
    for _ in range(2):
        made = images(stages(api, "Latent x2 @0.5", width=100, more=more))
    assert [image.size for image in made] == [(192, 128), (96, 64)]
    assert same(made[:1], images(hires_fix(api, "Latent", 0.5, width=100)))


def test_a_picture_to_start_from(api: Callable[..., Any], model: str) -> None:
    """Of 100x84 pixels Flux 2 has 6x5 latents, SD 1 12x10: what is left over goes."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((100, 84)).convert("RGB").save(file, "PNG")
    more = {"first_pass_image": base64.b64encode(file.getvalue()).decode()}
    texts = ("Latent x1 @0.5", "Lanczos x1.5 @0.5", "Lanczos x1.1")
    answer = stages(api, *texts, more=more)
    unit = 16 if model in ("figures-factor-16", "figures-multiples") else 8
    assert errors_of(answer) == [None] * 3
    sizes = [image.size for image in images(answer)]
    assert sizes[:2] == [tuple(side // unit * unit for side in asked) for asked in ((100, 84), (150, 126))]
    assert sizes[2] == (110, 92)


def test_the_page_and_plan_follow_the_loaded_model(api: Callable[..., Any], flux_2: str) -> None:
    from hires_strategies.webui.api.routes import plan_answer
    from hires_strategies.webui.page.preview import preview

    def shown() -> tuple[int, bool, bool]:
        body = {"strategies": "None x1.3 @0.5", "width": 512, "height": 512}
        line = preview("None x1.3 @0.5", {"width": 512, "height": 512}).line
        return plan_answer(body)["stages"][0]["width"], "656" in line, "664" in line

    assert shown() == (656, True, False)
    with loaded("figures"):
        assert shown() == (664, False, True)
    with pytest.raises(Exception, match="'width' has to be at least 16, found 8 in 8x512"):
        plan_answer({"strategies": "None x2 @0.5", "width": 8, "height": 512})


def test_where_no_model_is_loaded_sizes_are_those_of_most(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import shared

    from hires_strategies.size_rules import ORDINARY
    from hires_strategies.webui.host.forks.latent_shape import size_rules

    monkeypatch.setattr(shared, "sd_model", None)
    assert size_rules() == ORDINARY


def test_a_video_is_refused_before_it_is_made(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Forge Neo samples a batch as the frames of one video, with Wan."""
    from modules import rng

    original = rng.ImageRNG.__init__

    def __init__(self: Any, shape: Any, *args: Any, **kwargs: Any) -> None:
        original(self, (shape[0], 2, *shape[1:]), *args, **kwargs)

    monkeypatch.setattr(rng.ImageRNG, "__init__", __init__)
    with pytest.raises(Exception, match=r"one video of the batch, 2 latents long.*set the batch size to 1"):
        stages(api, "Latent x2 @0.5", batch_size=5)


def test_channels_of_forge_and_neo(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from modules import shared

    from hires_strategies.webui.host.forks.latent_shape import noise_shape

    vae = SimpleNamespace(latent_channels=128)
    monkeypatch.setattr(shared, "sd_model", SimpleNamespace(forge_objects=SimpleNamespace(vae=vae), is_wan=False))
    assert noise_shape(128, 64) == (128, 8, 16)
    shared.sd_model.is_wan, vae.latent_channels = True, 16
    assert noise_shape(128, 64) == (16, 1, 8, 16)


def test_a_batch_is_encoded_one_by_one_where_it_would_be_a_video(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    import torch
    from modules import shared

    from hires_strategies.webui.host.forks.latent_shape import encoded

    monkeypatch.setattr(shared, "sd_model", SimpleNamespace(is_wan=True))
    pictures = torch.arange(2.0).reshape(2, 1, 1, 1).expand(2, 3, 8, 8)
    latents = encoded(pictures, lambda some: some[:1].mean((1, 2, 3)).reshape(1, 1, 1, 1, 1))
    assert latents.flatten().tolist() == [0, 1]
