"""A stage's colors are those of what it started from, on the workbench's model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from hires_strategies.running.color_match import color_matched
from tests.live.client import decode, same

CAPTION = "1girl, red hair, blue dress, standing, full body, outdoors, trees, sunset, smile"
SMALL = {"prompt": "a house", "seed": 1, "steps": 4, "width": 64, "height": 64, "sampler_name": "Euler"}


def made(api: Callable[..., Any], *texts: str, **fields: Any) -> list[Image.Image]:
    argument = {"strategies": list(texts), "first_pass": True}
    answer = api(**{**SMALL, **fields}, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    assert [record["error"] for record in json.loads(answer.info)["hires_strategies"]] == [None] * len(answer.images)
    return [decode(image).convert("RGB") for image in answer.images]


def test_it_is_the_stages_own_picture_with_the_first_passs_colors(api: Callable[..., Any]) -> None:
    from hires_strategies.notation.text import parse
    from hires_strategies.planning.plan import FirstPass
    from hires_strategies.planning.tree import make_plan

    for text in ("Latent x2 @0.8", "Lanczos x1.5 @0.5", "Nearest x2", "Lanczos 96x64 @0.5", "Latent x1.5 @0"):
        plain, matched, first = made(api, text, f"{text} [color match]")
        (node,) = make_plan(parse(f"{text} [color match]"), FirstPass(64, 64, 4)).stages
        assert same(color_matched(plain, first, node), matched)
        assert not same(plain, matched) or node.sampling is None


def test_alone_beside_others_and_twice_it_is_the_same_bits(api: Callable[..., Any]) -> None:
    chain = "Latent x2 @0.8 [lock; color match] > Latent x1 @0.5 [color match] > Lanczos x1 @0.5"
    texts = ["Latent x2 @0.8 [color match]", chain, "Latent x2 @0.8"]
    together = made(api, *texts)
    for text, image in zip(texts, together[:3], strict=True):
        assert same(made(api, text)[0], image)


def test_what_encodes_after_it_is_noted(api: Callable[..., Any]) -> None:
    def text_of(strategy: str) -> str:
        answer = api(
            **SMALL, override_settings={"sd_vae_encode_method": "TAESD"},
            alwayson_scripts={"Hires strategies": {"args": [strategy]}},
        )  # fmt: skip
        return str(json.loads(answer.info)["infotexts"][0])

    assert "VAE Encoder" not in text_of("Latent x2 @0.8 > Latent x1 @0.5")
    found = text_of("Latent x2 @0.8 [color match] > Latent x1 @0.5")
    assert "VAE Encoder: TAESD" in found and "[color match]" in found


def test_a_chain_drifts_less(api: Callable[..., Any]) -> None:
    def chain(options: str) -> str:
        return " > ".join([f"Lanczos x1 @0.3{options}"] * 4)

    fields = {"prompt": CAPTION, "steps": 6, "cfg_scale": 4, "width": 128, "height": 128, "batch_size": 4}
    images = made(api, chain(""), chain(" [color match]"), **fields, override_settings={"return_grid": False})
    plain, matched, first = images[:4], images[4:8], images[8:]

    def error(pictures: list[Image.Image], fields: int) -> float:
        low = [np.asarray(each.resize((fields,) * 2, Image.Resampling.BOX), float) for each in (*pictures, *first)]
        return float(np.mean([abs(one - other) for one, other in zip(low[:4], low[4:], strict=True)]))

    found = {fields: (error(matched, fields), error(plain, fields)) for fields in (2, 4, 8)}
    assert found[2][0] < 0.5 * found[2][1] and found[4][0] < 0.7 * found[4][1], found


def test_the_page_suggests_it(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 64, "steps": 20, "sampler": "Euler", "scheduler": "Automatic"}
    chain = "None x2 @0.3 > None x1 @0.3 > None x1 @0.3"
    assert "colors drift" in preview(chain, values).line
    assert "colors drift" not in preview(f"{chain} [color match]", values).line
