"""`[color match]` on a running WebUI."""

from __future__ import annotations

import numpy as np

from tests.live.client import WebUI, difference, same
from tests.live.running import Running

CHAIN = "Lanczos x1.5 @0.5 [color match] > Lanczos x1 @0.5 [color match]"


def test_alone_beside_others_and_in_a_batch_it_is_the_same(webui: WebUI) -> None:
    texts = [CHAIN, CHAIN.replace(" [color match]", ""), "Lanczos x1.5 [color match]"]
    fields = {"batch_size": 2, "override_settings": {"return_grid": False}}
    together = webui.txt2img({"strategies": texts}, **fields)
    assert [record["error"] for record in together.records] == [None] * 6
    for index, text in enumerate(texts):
        for position, image in enumerate(webui.txt2img(text, **fields).images):
            other = together.images[position if index == 0 else 2 * index + position]
            assert same(image, other), f"{text}: {difference(image, other)}"


def test_its_colors_are_the_first_passs(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": [CHAIN, CHAIN.replace(" [color match]", "")], "first_pass": True})
    low = [np.asarray(image.convert("RGB").resize((3, 3), 4), float) for image in answer.images]
    matched, plain = (abs(each - low[2]).mean() for each in low[:2])
    assert matched < 0.5 * plain, (matched, plain)
    assert f"Hires strategy: {CHAIN}" in answer.info["infotexts"][0]


def test_an_interrupt_and_what_comes_next(webui: WebUI) -> None:
    whole = webui.txt2img(CHAIN).images[0]
    running = Running(webui, "Lanczos x1 [color match] > Lanczos x2 @0.8 [60 steps; color match]")
    running.wait_for("60 steps")
    webui.post("/sdapi/v1/interrupt")
    (record,) = running.result().records
    assert "interrupted" in record["error"] and record["stage"] == "Lanczos x1 [color match]"
    after = webui.txt2img(CHAIN).images[0]
    assert same(after, whole), difference(after, whole)
