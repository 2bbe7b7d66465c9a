"""A strategy run on the gallery's selected image: what is taken from it, and what the gallery shows."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image


@pytest.mark.parametrize("host_keeps_it", [False, True])
def test_the_original_is_there_once(host_keeps_it: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forge has a setting that leaves it in the gallery; else our image of it takes its place."""
    from modules import shared

    from hires_strategies.webui.generation import selected_image
    from hires_strategies.webui.host import attachments

    monkeypatch.setitem(shared.opts.data, "hires_button_gallery_insert", host_keeps_it)
    original, made = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    p: Any = SimpleNamespace()
    attachments.hang(p, attachments.ORIGINAL, (original, "of the original"))
    text = "of the new one"
    processed: Any = SimpleNamespace(images=[made], infotexts=[text], index_of_first_image=0, info=text)
    selected_image.return_original(p, processed)
    shown = [original, *processed.images] if host_keeps_it else processed.images
    assert shown == [original, made]
    assert processed.info == (text if host_keeps_it else "of the original")


WRITTEN = {
    "Steps": "7", "Sampler": "Euler a", "Schedule type": "Karras", "CFG scale": "4.5", "Seed": "123",
    "Size": "192x128", "Variation seed": "9", "Variation seed strength": "0.25", "Seed resize from": "64x128",
    "Clip skip": "2",
}  # fmt: skip


def selected(**changed: str | None) -> Any:
    """A generation that our button started, on an image whose text has these values."""
    from modules import processing

    values = {key: value for key, value in {**WRITTEN, **changed}.items() if value is not None}
    image = Image.new("RGB", (192, 128))
    written = ", ".join(f"{key}: {value}" for key, value in values.items())
    image.info["parameters"] = f"a house\nNegative prompt: fog\n{written}"
    p: Any = processing.StableDiffusionProcessingTxt2Img(prompt="of the page", enable_hr=True, styles=["of the page"])
    p.firstpass_image, p.txt2img_upscale = image, True
    return p


def test_all_that_makes_the_first_pass_is_taken(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.generation import selected_image

    p = selected()
    selected_image.take_first_pass(p)
    assert (p.prompt, p.negative_prompt, p.styles) == ("a house", "fog", [])
    assert (p.steps, p.cfg_scale, p.width, p.height) == (7, 4.5, 192, 128)
    assert (p.sampler_name, p.scheduler) == ("Euler a", "Karras")
    assert (p.seed, p.subseed, p.subseed_strength) == (123, 9, 0.25)
    assert (p.seed_resize_from_w, p.seed_resize_from_h) == (64, 128)
    assert p.override_settings["CLIP_stop_at_last_layers"] == 2
    assert (p.enable_hr, p.firstpass_image, p.txt2img_upscale) == (False, None, False)


def test_a_sampler_with_its_schedule_in_its_name(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.generation import selected_image

    p = selected(Sampler="DPM++ 2M Karras", **{"Schedule type": None})
    selected_image.take_first_pass(p)
    assert p.sampler_name == "DPM++ 2M"


def test_styles_whose_texts_the_host_took_out_of_the_prompt_are_on(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import infotext_utils

    from hires_strategies.webui.generation import selected_image

    original = infotext_utils.parse_generation_parameters
    found = {"Styles array": ["of the image"]}
    monkeypatch.setattr(infotext_utils, "parse_generation_parameters", lambda text: {**original(text), **found})
    p = selected()
    selected_image.take_first_pass(p)
    assert p.styles == ["of the image"]


HOSTILE = {
    "Seed": ["99999999999999999999999999", "abc", "", "-1e3"],
    "Steps": ["1000000000", "0", "-3", "abc", "7.5", "\u221e"],
    "CFG scale": ["nan", "inf", "-inf", "1e400", "x", "1e9"],
    "Size": ["0x0", "1000000000x1000000000", "64", "7x64", "-64x64", "64x"],
    "Sampler": ["No such sampler", "No such sampler Karras", "DPM++ 2M No such schedule"],
    "Schedule type": ["No such schedule"],
    "Clip skip": ["abc", "99999999999", "0", "-1", "nan", "9" * 5000],
    "Variation seed": ["99999999999999999999999999"],
    "Variation seed strength": ["nan", "7"],
    "Seed resize from": ["1000000000x8", "8"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in HOSTILE.items() for value in values])
def test_a_value_that_cannot_be_is_a_sentence(api: Callable[..., Any], key: str, value: str) -> None:
    from hires_strategies.errors import StrategyError
    from hires_strategies.webui.generation import selected_image

    with pytest.raises(StrategyError) as caught:
        selected_image.take_first_pass(selected(**{key: value}))
    sentence = str(caught.value)
    assert key.split()[0].lower() in sentence.lower() and value[:12] in sentence
    assert len(sentence) < 400 and sentence.endswith((".", "?"))


@pytest.mark.parametrize("text", ["", "no parameters here", "a\ud800\nSteps: 1, Seed: 1, Size: 64x64"])
def test_a_text_that_does_not_do_is_a_sentence(api: Callable[..., Any], text: str) -> None:
    from hires_strategies.errors import StrategyError
    from hires_strategies.webui.generation import selected_image

    p = selected()
    p.firstpass_image.info["parameters"] = text
    with pytest.raises(StrategyError):
        selected_image.take_first_pass(p)


def test_what_the_hosts_reader_raises_is_a_sentence(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import images

    from hires_strategies.errors import StrategyError
    from hires_strategies.webui.generation import selected_image

    def broken(image: Any) -> Any:
        raise KeyError("exif")

    monkeypatch.setattr(images, "read_info_from_image", broken)
    with pytest.raises(StrategyError, match="cannot be read"):
        selected_image.take_first_pass(selected())
