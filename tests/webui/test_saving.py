"""Which images are written to files: the host's rule, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image


def test_a_skipped_batch_saves_nothing(
    api: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host has forgotten the skip when the images beside the generated ones are saved, after all batches."""
    from modules import shared

    from hires_strategies.running.run import run
    from hires_strategies.webui.generation import job

    runs = []

    def skipped_in_the_first(*args: Any) -> Any:
        result = run(*args)
        runs.append(1)
        shared.state.skipped = len(runs) == 1
        return result

    monkeypatch.setattr(job, "run", skipped_in_the_first)
    monkeypatch.setitem(shared.opts.data, "outdir_txt2img_samples", str(tmp_path))
    argument = {"strategies": ["Nearest x2", "Lanczos x2"], "first_pass": True, "reuse_first_pass": False}
    answer = api(
        prompt="a house", seed=30, steps=2, width=64, height=64, n_iter=2, save_images=True,
        alwayson_scripts={"Hires strategies": {"args": [argument]}},
    )  # fmt: skip
    assert len(answer.images) >= 6
    texts = []
    for file in tmp_path.rglob("*.png"):
        with Image.open(file) as image:
            texts.append(image.info["parameters"])
    assert len(texts) == 3 and all("Seed: 31" in text for text in texts)
