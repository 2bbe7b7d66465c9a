"""A variant that is the same picture as another one is told in the words that the user wrote for it."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Latent x2 @{0.7,0.75,0.8}", ["0.7", "0.75", "0.8"]),
        # In the middle of a chain too, where the variant as a whole is a picture of its own.
        ("Latent x2 @0.95 > None x2\nLatent x2 @1 > Lanczos x2", ["0.95", "1"]),
    ],
)
def test_the_page_says_what_was_asked_for(api: Any, text: str, words: list[str]) -> None:
    from hires_strategies.webui.page.preview import preview

    shown = preview(text, {"width": 64, "height": 64, "steps": 4, "sampler": "Euler", "scheduler": "Automatic"}).whole
    items = re.findall(r"<li>(.*?)</li>", shown)
    assert [re.findall(r"denoising strength ([\d.]+)", item) for item in items] == [[word] for word in words]
    same = [re.findall(r"the same picture as (\d+)", item) for item in items]
    assert same == ([[], ["1"], ["1"]] if len(words) == 3 else [[], []])


def test_page_says_too_few_steps_before_anything_runs(api: Any) -> None:
    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 64, "steps": 1, "sampler": "DPM++ 2M SDE", "scheduler": "Automatic"}
    assert (
        "The first pass runs 1 step, and the sampler DPM++ 2M SDE needs at least 2"
        in preview("Nearest x2", values).whole
    )
    assert "needs at least" not in preview("Nearest x2", {**values, "steps": 2}).whole
    assert "needs at least 2" in preview("Latent x2 @0.5 [1 steps]", {**values, "steps": 20}).whole
