"""Results that are not numbers (NaN), on a host that draws black then: a failed stage, and what was finished stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from variations import black_pictures

from hires_strategies.errors import NoPicture
from tests.live.client import decode, same

FIELDS: dict[str, Any] = {
    "prompt": "a house", "seed": 5, "steps": 2, "width": 64, "height": 64, "sampler_name": "Euler", "batch_size": 2,
}  # fmt: skip
FIRST = "Latent x1.25 @0.6"


@pytest.fixture
def broken(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A generation whose model, or autoencoder, gives NaN from its n-th call on, counted from 1.

    A call of the model has both images of the batch, a call of the autoencoder one of them.
    """
    from modules import sd_samplers_common
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    black_pictures.install(monkeypatch)
    places = {"model": (CFGDenoiser, "forward"), "autoencoder": (sd_samplers_common, "decode_first_stage")}

    def run(
        text: str, where: str | None = None, call: int = 1, **fields: Any
    ) -> tuple[list[Any], list[dict[str, Any]]]:
        with monkeypatch.context() as patch:
            if where:
                owner, name = places[where]
                original, calls = getattr(owner, name), [0]

                def replaced(*args: Any, **kwargs: Any) -> Any:
                    calls[0] += 1
                    result = original(*args, **kwargs)
                    return result * float("nan") if calls[0] >= call else result

                patch.setattr(owner, name, replaced)
            argument = {"strategies": text.splitlines(), "reuse_first_pass": False}
            answer = api(**FIELDS, **fields, alwayson_scripts={"Hires strategies": {"args": [argument]}})
        return [decode(image) for image in answer.images], json.loads(answer.info)["hires_strategies"]

    return run


@pytest.mark.parametrize(
    ("following", "where", "call", "who"),
    [
        ("Lanczos x1.25 @0.5", "model", 5, "the model"),
        ("Latent x1.25 @0.5 > Latent x1 @0.4", "model", 5, "the model"),
        ("Direct x1.25", "model", 5, "the model"),
        ("Lanczos x1.25 @0.5", "autoencoder", 3, "the autoencoder"),
    ],
)
def test_what_was_finished_is_shown_and_the_next_picture_is_as_before(
    broken, following: str, where: str, call: int, who: str
) -> None:
    text = f"{FIRST}\n{following}" if following.startswith("Direct") else f"{FIRST} > {following}"
    finished, whole = broken(FIRST), broken(text)
    images, records = broken(text, where, call)
    (error,) = {record["error"] for record in records[-2:]}
    assert f"failed: {who} gave no numbers (NaN), which would be a black picture. Where half" in error
    assert all(map(same, images[:2], finished[0]))
    again = broken(text)
    assert all(map(same, again[0], whole[0]))


def test_one_image_of_a_batch_without_numbers_costs_no_other(broken) -> None:
    finished = broken(f"{FIRST} > Lanczos x1.25 @0.5")[0]
    images, records = broken(f"{FIRST} > Lanczos x1.25 @0.5", "autoencoder", 4)  # the last decode
    assert [record["error"] for record in records] == [None, None]
    assert same(images[0], finished[0]) and images[1].getextrema() == ((0, 0),) * 3


def test_nor_where_the_images_are_decoded_one_by_one(broken, found_file, monkeypatch) -> None:
    from hires_strategies.planning.memory_needs import ALONE, DECODED, Work
    from hires_strategies.webui.files import memory_file
    from hires_strategies.webui.generation.learnt_times import model_kind

    text = f"{FIRST} > Lanczos x1.25 @0.5"
    finished = broken(text)[0]
    needs = memory_file(model_kind)
    needs.learn(Work(DECODED, (8, 8), 2), ALONE)
    try:
        images, records = broken(text, "autoencoder", 4)
    finally:
        needs.forget()
    assert [record["error"] for record in records] == [None, None]
    assert "one image after the other" in records[0]["notes"][0]
    assert same(images[0], finished[0]) and images[1].getextrema() == ((0, 0),) * 3


def test_a_model_is_not_blamed_for_its_autoencoder(broken) -> None:
    with pytest.raises(NoPicture, match="the model gave no numbers") as caught:
        broken("Lanczos x1.25 @0.5", "model", 1)  # from the first pass on
    assert "the autoencoder" not in str(caught.value)


def test_a_first_pass_that_a_refiner_finished_ends_in_a_sentence_too(broken) -> None:
    from modules import sd_models

    refined: dict[str, Any] = {"refiner_checkpoint": list(sd_models.checkpoints_list)[1], "refiner_switch_at": 0.3}
    refined["override_settings"] = {"hires_fix_refiner_pass": "both passes"}
    with pytest.raises(NoPicture, match=r"^Hires strategies: the model gave no numbers"):
        broken("Lanczos x1.25 @0.5", "model", 1, **refined)
    before = broken(FIRST)[0]
    assert all(map(same, broken(FIRST)[0], before))


def test_who_has_turned_the_hosts_check_off_gets_the_black_picture(broken, monkeypatch) -> None:
    from modules import shared

    monkeypatch.setattr(shared.cmd_opts, "disable_nan_check", True)
    images, records = broken(f"{FIRST} > Lanczos x1.25 @0.5", "model", 5)
    assert records[0]["error"] is None
    assert images[0].getextrema() == ((0, 0),) * 3
