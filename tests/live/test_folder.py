"""A folder of pictures over HTTP: one result each, whatever the user does meanwhile, and what is left out."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.live.client import BASE, Answer, Refused, WebUI, difference, same
from tests.live.running import Running
from tests.live.test_first_image import encoded
from tests.live.test_interrupt import click_interrupt
from tests.live.test_progress import Watched

SLOW = "Latent x1.25 @0.9 [10 steps] > Nearest x1.5"


@pytest.fixture
def folder(webui: WebUI) -> Iterator[Path]:
    """An empty folder that the WebUI under test may read, if it runs on this machine."""
    allowed = [Path(path) for path in webui.get("/sdapi/v1/cmd-flags").get("gradio_allowed_path") or ()]
    here = next((path for path in allowed if path.is_dir()), None)
    if here is None:
        pytest.skip("the WebUI under test lets nobody read a folder on this machine")
    made = here / f"pictures-{uuid4().hex}"
    made.mkdir()
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def made(webui: WebUI) -> list[Answer]:
    return [webui.txt2img(seed=seed, steps=3, width=64, height=64) for seed in (11, 12, 13)]


def fill(folder: Path, made: list[Answer]) -> None:
    for number, answer in enumerate(made, 9):
        data = base64.b64decode(encoded(answer.images[0], answer.info["infotexts"][0]))
        (folder / f"{number}.png").write_bytes(data)


def asked(folder: Path, strategies: Any = "Latent x1.5 @0.6", **more: Any) -> dict[str, Any]:
    return {"strategies": strategies, "folder": str(folder), "results": "beside the originals", **more}


def states(answer: Answer | None) -> dict[str, str]:
    assert answer is not None
    return {each["picture"]: each["state"] for each in answer.info["hires_strategies_folder"]["pictures"]}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


NOTHING_OF_ITS_OWN = {"prompt": "", "negative_prompt": "", "seed": -1, "steps": 3}


def test_each_result_is_that_of_the_picture_alone(webui: WebUI, folder: Path, made: list[Answer]) -> None:
    fill(folder, made)
    (folder / "10a.png").write_bytes(b"broken")
    answer = webui.txt2img(asked(folder), prompt="another", seed=99, steps=2)
    assert states(answer) == {"9.png": "done", "10.png": "done", "10a.png": "failed", "11.png": "done"}
    assert names(folder) == {"9.png", "10.png", "10a.png", "11.png", "9-hires.png", "10-hires.png", "11-hires.png"}
    for number, first in enumerate(made, 9):
        picture = encoded(first.images[0], first.info["infotexts"][0])
        argument = {"strategies": "Latent x1.5 @0.6", "first_pass_image": picture}
        alone = webui.txt2img(argument, **NOTHING_OF_ITS_OWN)
        with Image.open(folder / f"{number}-hires.png") as image:
            assert same(image, alone.images[0]), difference(image, alone.images[0])
            assert image.info["parameters"] == alone.info["infotexts"][0]
            assert f"Seed: {number + 2}," in image.info["parameters"] and BASE["prompt"] in image.info["parameters"]
    again = webui.txt2img(asked(folder), prompt="another", seed=99, steps=2)
    assert states(again) == {**dict.fromkeys(("9.png", "10.png", "11.png"), "done before"), "10a.png": "failed"}
    assert again.images == []


@pytest.mark.parametrize("how", ["interrupt", "click"])
def test_after_an_interrupt_the_next_run_goes_on(webui: WebUI, folder: Path, made: list[Answer], how: str) -> None:
    fill(folder, made)
    running = Running(webui, asked(folder, SLOW))
    running.wait_for("10.png (2 of 3): ")
    if how == "click":
        click_interrupt(webui)
    else:
        webui.post("/sdapi/v1/interrupt")
    answer = running.result()
    second = "done" if how == "click" else "unfinished"  # the first click stops after the picture, with all its stages
    assert states(answer) == {"9.png": "done", "10.png": second}
    assert answer.info["hires_strategies_folder"]["left"] == 1
    on = webui.txt2img(asked(folder, SLOW))
    second = "done before" if how == "click" else "done"
    assert list(states(on).items()) == [("9.png", "done before"), ("10.png", second), ("11.png", "done")]
    assert names(folder) == {f"{number}{tail}.png" for number in (9, 10, 11) for tail in ("", "-hires")}
    whole = {path.name: path.read_bytes() for path in folder.glob("*-hires.png")}
    webui.txt2img(asked(folder, SLOW, again=True))
    for name, data in whole.items():
        assert (folder / name.replace("-hires", "-hires-2")).read_bytes() == data


def test_skip_leaves_out_one_picture(webui: WebUI, folder: Path, made: list[Answer]) -> None:
    fill(folder, made)
    running = Running(webui, asked(folder, SLOW))
    running.wait_for("10.png (2 of 3): ")
    webui.post("/sdapi/v1/skip")
    assert states(running.result()) == {"9.png": "done", "10.png": "unfinished", "11.png": "done"}
    assert "10-hires.png" not in names(folder)


def test_the_bar_goes_over_all_pictures(webui: WebUI, folder: Path, made: list[Answer]) -> None:
    fill(folder, made)
    (folder / "9a.png").write_bytes(b"broken")
    watched = Watched(webui, lambda: webui.txt2img(asked(folder, SLOW)))
    seen = [each.progress for each in watched.all]
    assert seen == sorted(seen)
    thirds = [any(low < each <= low + 1 / 3 for each in seen) for low in (0, 1 / 3, 2 / 3 - 0.01)]
    assert thirds == [True, True, True], seen


@pytest.mark.parametrize("path", ["/", "/etc", "C:\\Windows", "\\\\server\\share", "pictures", "~"])
def test_no_other_folder_is_read(webui: WebUI, path: str) -> None:
    with pytest.raises(Refused) as caught:
        webui.txt2img({"strategies": "Nearest x2", "folder": path})
    assert caught.value.status == 422
    assert "--gradio-allowed-path" in caught.value.detail or "whole path" in caught.value.detail
    assert "cannot be read" not in caught.value.detail


def test_nothing_of_it_stays_for_the_next_request(webui: WebUI, folder: Path, made: list[Answer]) -> None:
    fill(folder, made)
    (folder / "10.png").write_bytes(b"broken")
    webui.txt2img(asked(folder))
    again = webui.txt2img(seed=11, steps=3, width=64, height=64)
    assert same(again.images[0], made[0].images[0]) and "hires_strategies_folder" not in again.info
    assert again.info["infotexts"][0] == made[0].info["infotexts"][0]
