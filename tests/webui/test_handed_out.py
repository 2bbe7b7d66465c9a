"""First passes that the page may ask for: which, how many, and what else is said."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def kept(api: Callable[..., Any]) -> Iterator[Any]:
    """The module, with nothing kept before and after."""
    from hires_strategies.webui.first_pass import handed_out

    handed_out._kept.clear()
    yield handed_out
    handed_out._kept.clear()


@pytest.fixture
def setting(kept: Any) -> Iterator[Callable[[str, Any], None]]:
    from modules.shared import opts

    before = dict(opts.data)
    yield lambda name, value: opts.data.__setitem__(f"hires_strategies_{name}", value)
    opts.data.clear()
    opts.data.update(before)


def picture(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")


def latents(count: int = 1) -> Any:
    import torch

    from hires_strategies.running.picture import Picture

    generator = torch.Generator().manual_seed(3)
    return Picture(latents=torch.randn((count, 4, 8, 12), generator=generator))


def test_latents_are_decoded_as_the_stages_decode_them(kept: Any) -> None:
    from modules import devices, processing, shared

    from hires_strategies.webui.host import pixels

    given = latents(2)
    names = kept.keep(given)
    assert len(set(names)) == 2
    for position, name in enumerate(names):
        url, trouble = kept.as_data_url(name)
        decoded = processing.decode_latent_batch(
            shared.sd_model, given.latents[position][None], target_device=devices.cpu, check_for_nans=True
        )
        assert trouble is None and np.array_equal(np.asarray(picture(url)), np.asarray(pixels.from_decoded(decoded)[0]))
        assert kept.as_data_url(name)[0] == url


def test_a_picture_that_was_decoded_is_handed_out_as_it_is(kept: Any) -> None:
    from hires_strategies.running.picture import Picture

    red = Image.new("RGB", (24, 16), "red")
    (name,) = kept.keep(Picture(images=[red]))
    assert picture(kept.as_data_url(name)[0]).tobytes() == red.tobytes()


def test_only_with_the_model_that_made_it(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = kept.keep(latents())
    monkeypatch.setattr(kept.loaded, "vae_file", lambda: "another.vae.pt")
    assert kept.as_data_url(name) == (None, kept._OTHER_MODEL)


def test_what_fails_is_a_sentence(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = kept.keep(latents())

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(kept.processing, "decode_latent_batch", broken)
    assert kept.as_data_url(name) == (None, "The first pass could not be shown: out of memory.")


def test_no_more_than_may_be_remembered(kept: Any, setting: Callable[[str, Any], None]) -> None:
    setting("remembered_images", 2)
    names = [*kept.keep(latents(2)), *kept.keep(latents())]
    assert [kept.as_data_url(name)[0] is not None for name in names] == [False, True, True]
    assert kept.as_data_url(names[0])[1] == kept._GONE == kept.as_data_url("of nobody")[1]


def test_none_where_nothing_may_be_remembered(kept: Any, setting: Callable[[str, Any], None]) -> None:
    (name,) = kept.keep(latents())
    setting("remember_first_passes", False)
    assert kept.keep(latents()) == ()
    assert kept.as_data_url(name)[0] is None


def test_programs_are_told_no_names(api: Callable[..., Any], kept: Any) -> None:
    import json

    answer = api(prompt="a house", seed=3, steps=2, width=64, height=64,
                 alwayson_scripts={"Hires strategies": {"args": ["Lanczos x2"]}})  # fmt: skip
    assert all("first_pass" not in record for record in json.loads(answer.info)["hires_strategies"])
    assert not kept._kept
