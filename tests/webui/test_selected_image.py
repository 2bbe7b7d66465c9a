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
    asked = selected_image.Selected(original, "of the original", "12-34", goes_on=False)
    attachments.hang(p, attachments.ORIGINAL, asked)
    text = "of the new one"
    processed: Any = SimpleNamespace(images=[made], infotexts=[text], index_of_first_image=0, info=text)
    assert selected_image.return_original(p, processed) == "12-34"
    shown = [original, *processed.images] if host_keeps_it else processed.images
    assert shown == [original, made]
    assert processed.info == (text if host_keeps_it else "of the original")


def arguments(asked: str) -> tuple[Any, ...]:
    from hires_strategies.webui.generation.request import KEYS

    return True, *([None] * len(KEYS)), asked


FROM_FIRST_PASS, FROM_PICTURE = arguments("first pass 12-34"), arguments("picture 12-34")
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
    selected_image.take_over(p, FROM_FIRST_PASS)
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
    selected_image.take_over(p, FROM_FIRST_PASS)
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
    selected_image.take_over(p, FROM_FIRST_PASS)
    assert p.styles == ["of the image"]


def test_whose_button_was_pressed() -> None:
    from hires_strategies.webui.generation import selected_image

    ours: Any = SimpleNamespace(txt2img_upscale=True)
    assert [selected_image.is_asked(ours, given) for given in (FROM_FIRST_PASS, FROM_PICTURE)] == [True, True]
    for given in ((), (True,), arguments(""), (*FROM_PICTURE[:-1], None), (*FROM_PICTURE[:-1], False)):
        assert not selected_image.is_asked(ours, given), "the host's own button"
    assert not selected_image.is_asked(SimpleNamespace(), FROM_PICTURE), "no button"


def request_of(p: Any) -> Any:
    from hires_strategies.notation.text import parse
    from hires_strategies.webui.generation import selected_image
    from hires_strategies.webui.generation.request import Request

    return selected_image.with_start(p, Request(tuple(parse("Lanczos x2"))))


def test_going_on_from_a_picture_takes_its_pixels_prompts_and_settings(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.generation import selected_image

    p = selected(**{"First pass image": "abcdef0123"})
    picture = p.firstpass_image
    selected_image.take_over(p, FROM_PICTURE)
    assert (p.prompt, p.seed, p.steps, p.sampler_name, p.enable_hr) == ("a house", 123, 7, "Euler a", False)
    start = request_of(p).first_pass_image
    assert start is not picture and start.tobytes() == picture.tobytes()


@pytest.mark.parametrize("text", ["", "no parameters here"])
def test_a_picture_without_parameters_is_gone_on_from_with_the_pages(api: Callable[..., Any], text: str) -> None:
    from hires_strategies.webui.generation import selected_image

    p = selected()
    p.firstpass_image = Image.new("RGBA", (64, 96), (255, 0, 0, 0))
    p.firstpass_image.info["parameters"] = text
    selected_image.take_over(p, FROM_PICTURE)
    assert p.prompt == "of the page"
    assert request_of(p).first_pass_image.mode == "RGB"


def test_the_first_pass_alone_has_no_picture_to_start_from(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.generation import selected_image

    p = selected()
    selected_image.take_over(p, FROM_FIRST_PASS)
    assert request_of(p).first_pass_image is None


def test_a_picture_made_from_another_has_no_first_pass_of_its_own(api: Callable[..., Any]) -> None:
    from hires_strategies.errors import StrategyError
    from hires_strategies.webui.generation import selected_image

    with pytest.raises(StrategyError, match="made from another picture"):
        selected_image.take_over(selected(**{"First pass image": "abcdef0123"}), FROM_FIRST_PASS)


def test_records_of_a_run_are_kept_for_the_page(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.generation import selected_image
    from hires_strategies.webui.host import attachments
    from hires_strategies.webui.output import records, selected_records

    original, made = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    records.hang(made, records.Record(kind="variant", strategy="None x2", seed=3, width=8, height=8,
                                      first_pass_reused=False))  # fmt: skip
    for number in range(40):
        p: Any = SimpleNamespace()
        asked = selected_image.Selected(original, "", f"run {number}", goes_on=False)
        attachments.hang(p, attachments.ORIGINAL, asked)
        processed: Any = SimpleNamespace(images=[made], infotexts=["x"], index_of_first_image=0, info="x")
        selected_records.return_original(p, processed)
    first, second = selected_records.of_run("run 39")
    assert first is None and second is not None
    assert (second["index"], second["strategy"], second["seed"]) == (1, "None x2", 3)
    assert selected_records.of_run("run 0") == [] == selected_records.of_run("of nobody")


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
        selected_image.take_over(selected(**{key: value}), FROM_FIRST_PASS)
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
        selected_image.take_over(p, FROM_FIRST_PASS)


def test_what_the_hosts_reader_raises_is_a_sentence(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import images

    from hires_strategies.errors import StrategyError
    from hires_strategies.webui.generation import selected_image

    def broken(image: Any) -> Any:
        raise KeyError("exif")

    monkeypatch.setattr(images, "read_info_from_image", broken)
    with pytest.raises(StrategyError, match="cannot be read"):
        selected_image.take_over(selected(), FROM_FIRST_PASS)
