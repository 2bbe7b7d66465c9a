"""`[where ...]` on a running WebUI: a stage that is sampled only in places."""

from __future__ import annotations

import numpy as np
import pytest

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.places import mask_of
from tests.live.client import BASE, WebUI, difference, same

BOX = "Lanczos x2 @0.6 [where 20 30 64 48; tile 128]"
FUSED = "Lanczos x2 @0.6 [where fused; tile 128]"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (BOX, "Lanczos x2"),
        ("Lanczos x2 @0.6 [where painted 8x8 3c3c000000000000; lock 0.5]", "Lanczos x2"),
        ("Latent x2 @0.6 [where 20 30 64 48; tile 128]", "Latent x2 @0"),
    ],
)
def test_outside_it_is_the_plain_upscale_bit_for_bit(webui: WebUI, text: str, plain: str) -> None:
    answer = webui.txt2img({"strategies": [text, plain]}, override_settings={"return_grid": False})
    assert [record["error"] for record in answer.records] == [None, None]
    first = FirstPass(int(str(BASE["width"])), int(str(BASE["height"])), 6, "Euler")
    mask = np.asarray(mask_of(make_plan(parse(text), first).stages[0]))
    made, before = (np.asarray(image.convert("RGB")) for image in answer.images[:2])
    changed = (made != before).any(2)
    assert not changed[mask == 0].any()
    assert changed[mask == 255].mean() > 0.5


@pytest.mark.parametrize("text", [BOX, FUSED])
def test_alone_beside_others_and_again_it_is_the_same(webui: WebUI, text: str) -> None:
    alone = webui.txt2img(text)
    assert f"Hires strategy: {text}" in alone.info["infotexts"][0]
    together = webui.txt2img({"strategies": ["Lanczos x2 @0.6", text, BOX]}, override_settings={"return_grid": False})
    assert same(together.images[1], alone.images[0]), difference(together.images[1], alone.images[0])
    after = webui.txt2img("Lanczos x2 @0.6").images[0]
    assert same(after, together.images[0]), difference(after, together.images[0])


def test_each_image_of_a_batch_has_places_of_its_own(webui: WebUI) -> None:
    answer = webui.txt2img(FUSED, batch_size=2, override_settings={"return_grid": False})
    assert [record["error"] for record in answer.records] == [None, None]
    assert "tiles of 2 images were sampled" in " ".join(answer.records[0]["notes"])
