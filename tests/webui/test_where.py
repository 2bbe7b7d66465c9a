"""A stage that is sampled only where it is needed, on the host: what the model sees, and what stays as it is."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Node
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.places import mask_of, weights_of
from tests.live.client import decode

SMALL = {"prompt": "a house", "seed": 1, "steps": 4, "width": 64, "height": 64, "sampler_name": "Euler"}
BOX = "where 4 6 20 16; tile 64"


def answer(api: Callable[..., Any], *texts: str, **fields: Any) -> Any:
    argument = {"strategies": list(texts)}
    return api(**{**SMALL, **fields}, alwayson_scripts={"Hires strategies": {"args": [argument]}})


def records(given: Any) -> list[dict[str, Any]]:
    return list(json.loads(given.info)["hires_strategies"])


def pixels(given: Any) -> list[np.ndarray]:
    return [np.asarray(decode(image)) for image in given.images]


def node_of(text: str) -> Node:
    return make_plan(parse(text), FirstPass(64, 64, 4, "Euler")).stages[-1]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, api: Callable[..., Any]) -> list[tuple[int, ...]]:
    """Rows and columns of the latents in each run of the model."""
    from modules import shared

    shapes: list[tuple[int, ...]] = []
    model = type(shared.sd_model)
    apply_model = model.apply_model

    def watching(self: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        shapes.append(tuple(x.shape[-2:]))
        return apply_model(self, x, *args, **kwargs)

    monkeypatch.setattr(model, "apply_model", watching)
    return shapes


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"Lanczos x2 @0.6 [{BOX}]", "Lanczos x2"),
        (f"Latent x2 @0.6 [{BOX}]", "Latent x2 @0"),
        ("Lanczos x2 @0.6 [where 4 6 20 16]", "Lanczos x2"),
        ("Lanczos x2 @0.6 [where painted 4x4 8001; tile 64; lock 0.5]", "Lanczos x2"),
        (f"Lanczos x2 @0.6 [sampler DDIM; {BOX}]", "Lanczos x2"),
    ],
)
def test_outside_it_is_the_plain_upscale_bit_for_bit(api: Callable[..., Any], text: str, plain: str) -> None:
    given = answer(api, text, plain, override_settings={"return_grid": False})
    assert [record.get("error") for record in records(given)] == [None, None]
    made, before = pixels(given)[:2]
    mask = np.asarray(mask_of(node_of(text)))
    changed = (made != before).any(2)
    assert not changed[mask == 0].any()
    assert changed[mask == 255].mean() > 0.5


def test_the_model_sees_only_the_tiles(api: Callable[..., Any], seen: list[tuple[int, ...]]) -> None:
    given = answer(api, f"Lanczos x4 @0.6 [{BOX}]")
    assert [record.get("error") for record in records(given)] == [None]
    assert set(seen) == {(8, 8)}


def test_what_lies_around_stays_while_it_is_sampled(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.webui.host import kept_places

    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    changed = kept_places._Places.changed

    def watching(self: Any, predicted: torch.Tensor, sigma: float) -> torch.Tensor:
        found = changed(self, predicted, sigma)
        seen.append((found, self.start))
        return found

    monkeypatch.setattr(kept_places._Places, "changed", watching)
    text = f"Lanczos x2 @0.6 [{BOX}]"
    answer(api, text)
    weights = torch.from_numpy(weights_of(node_of(text)))
    assert len(seen) == 4
    for predicted, start in seen:
        assert torch.equal(predicted[..., weights == 0], start[..., weights == 0])
        assert not torch.equal(predicted[..., weights == 1], start[..., weights == 1])


@pytest.mark.parametrize("how", ["a sampler on timesteps", "no callback", "as usual"])
def test_where_what_lies_around_is_not_held_it_is_said(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from modules import script_callbacks

    if how == "no callback":
        monkeypatch.setitem(script_callbacks.callback_map, "callbacks_cfg_after_cfg", [])
    sampler = "DDIM" if how == "a sampler on timesteps" else "Euler"
    given = answer(api, f"Lanczos x2 @0.6 [sampler {sampler}; {BOX}]", "Lanczos x2 @0.6")
    assert [record["error"] for record in records(given)] == [None, None]
    first, second = (" ".join(record["notes"]) for record in records(given))
    words = f"The sampler {sampler} tells no extension the picture that it predicts: what lies around the place of "
    assert (words in first) is (how != "as usual") and words not in second


def test_fused_is_where_one_evaluation_changes_most(api: Callable[..., Any]) -> None:
    text = "Lanczos x2 @0.6 [where fused; tile 64]"
    given = answer(api, text, "Lanczos x2", batch_size=2, override_settings={"return_grid": False})
    assert [record.get("error") for record in records(given)] == [None] * 4
    (notes,) = {tuple(record["notes"]) for record in records(given) if record["strategy"] == text}
    assert "tiles of 2 images were sampled, where the model would change the picture most." in " ".join(notes)
    assert f"Hires strategy: {text}," in json.loads(given.info)["infotexts"][0]
    by_text: dict[str, list[np.ndarray]] = {}
    images = pixels(given)
    for record in records(given):
        by_text.setdefault(record["strategy"], []).append(images[record["index"]])
    for made, before in zip(by_text[text], by_text["Lanczos x2"], strict=True):
        assert 0.02 < (made != before).any(2).mean() < 0.8


def test_the_same_again_and_nothing_is_left(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.host import changed_predictions

    alone = [pixels(answer(api, text)) for text in (f"Lanczos x2 @0.6 [{BOX}]", "Lanczos x2 @0.6")]
    text = f"Lanczos x2 @0.6 [{BOX}]"
    given = pixels(answer(api, text, "Lanczos x2 @0.6", override_settings={"return_grid": False}))
    assert (given[0] == alone[0][0]).all() and (given[1] == alone[1][0]).all()
    assert changed_predictions._sampling == []


def test_the_preview_says_what_it_costs(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.preview import preview

    values = {"width": 512, "height": 512, "steps": 20, "sampler": "Euler", "scheduler": "Automatic"}
    shown = preview("Lanczos x2 @0.3 [where 10 20 64 64; tile 512]", values)
    assert "is sampled in 1 of 9 tiles: 1.0 first passes instead of 4.0." in shown.line
    assert "role" in preview("Lanczos x2 @0.3 [where 600 20 64 64]", values).line


def test_a_strength_is_found_for_a_place(api: Callable[..., Any]) -> None:
    """As for all of the picture: a place that is small beside it would hardly count."""
    texts = f"Lanczos x2 @auto! [{BOX}]", "Lanczos x2 @auto! [tile 64]"
    found = [records(answer(api, text, steps=2))[0] for text in texts]
    assert [record.get("error") for record in found] == [None, None]
    assert found[0]["denoising_strength"] == found[1]["denoising_strength"]


def encoded(size: tuple[int, int]) -> str:
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


@pytest.mark.parametrize("place", ["96 0 4 75", "painted 25x1 0000008"])
def test_on_an_uploaded_picture_a_place_is_where_the_user_sees_it(api: Callable[..., Any], place: str) -> None:
    argument = {
        "strategies": [f"None x2 @0.6 [where {place}]", "None x2 @0"],
        "first_pass_image": encoded((100, 75)), "first_pass": True,
    }  # fmt: skip
    given = api(**SMALL, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    told = records(given)
    assert [record.get("error") for record in told] == [None] * len(told)
    sizes = {record["kind"]: (record["width"], record["height"]) for record in told}
    assert sizes["first_pass"] == (100, 75)
    made, before = (np.asarray(decode(given.images[record["index"]])) for record in told[:2])
    changed = (made != before[: made.shape[0]]).any((0, 2))
    assert changed[192:].any() and not changed[:192].any()


def test_the_page_s_preview_places_it_on_the_picture(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.preview import preview

    values = {"start": "an image", "start_size": "100x75", "width": 512, "height": 512, "steps": 20}
    assert "is sampled in" in preview("None x2 @0.3 [where 96 0 4 75]", values).line
    assert "outside the 100x75 pixels" in preview("None x2 @0.3 [where 100 0 4 75]", values).line


def test_records_say_what_a_crop_left_and_the_page_what_a_stage_starts_from(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.preview import preview

    given = answer(api, "Lanczos 64x32", "Lanczos x2", override_settings={"return_grid": False})
    assert [record.get("shows") for record in records(given)] == [[0, 0.25, 1, 0.75], None]
    values = {"width": 64, "height": 64, "steps": 4}
    text = "Lanczos x2\n\nLanczos 64x32 > None x2 @0.3"
    assert 'data-starts="[[64, 64, [0.0, 0.0, 1.0, 1.0]]]"' in preview(text, values).line
    second = "[[64, 64, [0.0, 0.0, 1.0, 1.0]], [64, 32, [0.0, 0.25, 1.0, 0.75]]]"
    assert f'data-starts="{second}"' in preview(text, values, 1).line
