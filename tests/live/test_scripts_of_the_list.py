"""Scripts of the list make one answer of many generations; its records are those of the images that it holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import TITLE, Answer, WebUI, difference, same

TEXT = "Nearest x1.5 @0.5"
ARGUMENT: dict[str, Any] = {"strategies": [TEXT, "Nearest x2"], "first_pass": True, "reuse_first_pass": False}
FIELDS: dict[str, Any] = {"width": 64, "height": 64, "steps": 3, "seed": 50}


def run(webui: WebUI, name: str, arguments: list[Any], **fields: Any) -> Answer:
    if name not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip(f"this WebUI has no script '{name}'")
    return webui.txt2img(ARGUMENT, script_name=name, script_args=arguments, **{**FIELDS, **fields})


def check(webui: WebUI, answer: Answer, prompts: list[tuple[str, int]], first: int = 0) -> None:
    """There is a record for each generated image, of exactly that image; `prompts` with their seeds, in order."""
    assert [(record["index"], record["seed"]) for record in answer.records] == [
        (first + number, seed) for number, (_, seed) in enumerate(prompts)
    ]
    for record, (prompt, seed) in zip(answer.records, prompts, strict=True):
        image, text = answer.images[record["index"]], answer.info["infotexts"][record["index"]]
        assert text.startswith(prompt) and f"Seed: {seed}," in text and f"Hires strategy: {TEXT}" in text
        assert (record["kind"], record["strategy"], record["error"]) == ("variant", TEXT, None)
        alone = webui.txt2img(TEXT, **{**FIELDS, "prompt": prompt, "seed": seed})
        assert same(image, alone.images[0]), difference(image, alone.images[0])


@pytest.mark.parametrize("iterate", [True, False])
def test_prompts_from_file(webui: WebUI, iterate: bool) -> None:
    lines = ["a red house", "a blue house", "a tree"]
    name = "prompts from file or textbox"
    answer = run(webui, name, [iterate, False, "start", "\n".join(lines)], prompt="")
    check(webui, answer, [(line, 50 + number * iterate) for number, line in enumerate(lines)])


def test_prompts_from_file_with_the_pages_arguments(webui: WebUI) -> None:
    """A script's answer after another's, and a section that is not ticked: nothing of an earlier one stays."""
    name, lines = "prompts from file or textbox", [False, False, "start", "a red house\na tree"]
    body = {**FIELDS, "script_name": name, "script_args": lines, "prompt": "a", "sampler_name": "Euler"}
    plain = webui.answer_to(body)
    assert "hires_strategies" not in plain.info
    ticked = webui.answer_to({**body, "alwayson_scripts": {TITLE: {"args": [True, TEXT]}}})
    assert [record["index"] for record in ticked.records] == [0, 1]
    assert "hires_strategies" not in webui.answer_to(body).info


def test_prompt_matrix(webui: WebUI) -> None:
    answer = run(webui, "prompt matrix", [False, True, "positive", "comma", 0], prompt="a house|red|at night")
    prompts = ["a house", "a house, red", "a house, at night", "a house, red, at night"]
    check(webui, answer, [(prompt, 50 + number) for number, prompt in enumerate(prompts)], first=1)


def test_x_y_z_plot(webui: WebUI) -> None:
    arguments = [1, "50,51", "", 0, "", "", 0, "", "", True, True, False, False, False, False, False, 0, False]
    answer = run(webui, "x/y/z plot", arguments, prompt="a house")
    check(webui, answer, [("a house", 50), ("a house", 51)], first=1)
