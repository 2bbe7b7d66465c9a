"""What hires strategies are for, seen on the workbench's trained model: they repair what was drawn too small."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

CAPTION = "1girl, red hair, blue dress, standing, full body, outdoors, trees, sunset, smile"
SEEDS = 8


def test_a_moderate_strength_repairs_faces_and_noise_at_that_size_makes_several_figures(
    api: Callable[..., Any],
) -> None:
    from figures.detector import find_heads
    from figures.measures import is_keeper, layout_kept

    argument = {"strategies": ["Lanczos x2 @0.4", "Direct x2"], "first_pass": True}
    answer = api(
        prompt=CAPTION,
        seed=1,
        batch_size=SEEDS,
        steps=12,
        cfg_scale=4,
        width=128,
        height=128,
        sampler_name="Euler",
        scheduler="Automatic",
        alwayson_scripts={"Hires strategies": {"args": [argument]}},
    )
    pictures: dict[str, list[np.ndarray]] = {}
    for record in json.loads(answer.info)["hires_strategies"]:
        name = record["strategy"] if record["kind"] == "variant" else record["kind"]
        image = Image.open(io.BytesIO(base64.b64decode(answer.images[record["index"]]))).convert("RGB")
        pictures.setdefault(name, []).append(np.asarray(image))
    first, second, direct = (pictures[name] for name in ("first_pass", "Lanczos x2 @0.4", "Direct x2"))
    whole = [is_keeper(find_heads(picture)) for picture in first]
    repaired = [is_keeper(find_heads(picture)) for picture in second]
    assert not all(whole) and sum(repaired) >= sum(whole) + 2
    assert np.mean([len(find_heads(picture)) > 1 for picture in direct]) > 0.5
    assert np.mean([layout_kept(a, b) for a, b in zip(first, second, strict=True)]) > 0.9
    assert np.mean([layout_kept(a, b) for a, b in zip(first, direct, strict=True)]) < 0.7
