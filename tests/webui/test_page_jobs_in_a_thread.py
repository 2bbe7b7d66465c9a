"""Hosts that run the page's generations in a thread of their own: what the page is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from variations import page_jobs_in_a_thread

FIELDS: dict[str, Any] = {
    "prompt": "a house", "negative_prompt": "", "styles": [], "n_iter": 1, "batch_size": 1, "cfg_scale": 5.0,
    "height": 64, "width": 64, "enable_hr": False, "denoising_strength": 0.7, "hr_scale": 2.0, "hr_upscaler": "Latent",
    "hr_second_pass_steps": 0, "hr_resize_x": 0, "hr_resize_y": 0, "hr_checkpoint_name": "Use same checkpoint",
    "hr_sampler_name": "Use same sampler", "hr_scheduler": "Use same scheduler", "hr_prompt": "",
    "hr_negative_prompt": "",
}  # fmt: skip
REQUEST = SimpleNamespace(username=None)


@pytest.fixture
def page(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """The values that the page sends, with a text in the section, ticked, and what its hidden field says."""
    from fastapi import FastAPI
    from modules import call_queue, scripts
    from modules.api.api import Api

    from hires_strategies.webui.generation.request import KEYS
    from hires_strategies.webui.host.forks import gallery, main_thread

    page_jobs_in_a_thread.install(monkeypatch)
    for _ in range(2):  # as after "Reload UI"
        gallery.tell_all_texts()
        main_thread.tell_exceptions()
    defaults = list(Api(FastAPI(), call_queue.queue_lock).default_script_arg_txt2img)
    section = next(each for each in scripts.scripts_txt2img.scripts if each.title() == "Hires strategies")

    def values(text: str, asked: str = "") -> list[Any]:
        args = list(defaults)
        args[section.args_from : section.args_from + 2] = [True, text]
        args[section.args_from + 1 + len(KEYS)] = asked
        return [*FIELDS.values(), [], *args]

    return values


def test_a_refusal_is_read_in_the_page(page: Callable[..., list[Any]]) -> None:
    from modules import txt2img
    from modules.call_queue import wrap_gradio_gpu_call

    generate = wrap_gradio_gpu_call(txt2img.txt2img, extra_outputs=[None, "", ""])
    assert "Unknown upscaler &#x27;Latnt&#x27;" in generate("task(1)", REQUEST, *page("Latnt x2"))[-1]
    images, *_, message = generate("task(2)", REQUEST, *page("None x1.5"))
    assert len(images) == 1 and "error" not in message


@pytest.mark.parametrize("keeps", ["", "hires_button_gallery_insert"])
@pytest.mark.parametrize("selected", [0, 1])
def test_each_image_of_the_gallery_has_its_text(
    page: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, keeps: str, selected: int
) -> None:
    from modules import shared, txt2img

    if keeps:
        monkeypatch.setitem(shared.opts.data, keeps, True)
    images, info, *_ = txt2img.txt2img("task(1)", REQUEST, *page("None x{1,1.5}"))
    images, texts = images[-2:], json.loads(info)["infotexts"][-2:]  # without the sheet
    gallery = [(image, None) for image in images]
    told = json.dumps({**json.loads(info), "infotexts": texts})
    shown, info, *_ = txt2img.txt2img_upscale_function(  # type: ignore[attr-defined]
        "task(2)", REQUEST, gallery, selected, told, *page("None x2", "picture 12-34")
    )
    after = json.loads(info)["infotexts"]
    new = after[selected + 1]
    assert len(shown) == len(after) == 3
    assert [*after[: selected + 1], *after[selected + 2 :]] == texts
    assert "Hires strategy: None x2" in new
    assert shown[selected + 1].info["parameters"] == new


def test_where_nothing_ran_nothing_is_told(page: Callable[..., list[Any]]) -> None:
    from modules import txt2img

    answer = txt2img.txt2img_upscale_function(  # type: ignore[attr-defined]
        "task(1)", REQUEST, [], 3, json.dumps({"infotexts": []}), *page("None x2")
    )
    assert answer == ([], '{"infotexts": []}', "Bad image index: 3", "")
