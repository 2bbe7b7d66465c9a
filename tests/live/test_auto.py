"""'@auto' on a running WebUI: what it finds, what it costs, and that the rest of the world is as without it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.live.client import Answer, WebUI, difference, same
from tests.live.running import Running

SMALL: dict[str, Any] = {"width": 64, "height": 64, "steps": 4, "sampler_name": "Euler", "scheduler": "Automatic"}
SEEDS = count(random.randrange(1_000_000))
SEARCH = 7
FINDING = "Finding the denoising strength of"
TEXTS = ["Lanczos x1.5 @0.6 [sampler Euler a]", "Latent x1.5 @0.7"]


@pytest.fixture
def fields() -> dict[str, Any]:
    """A generation for whose CFG scale nothing is remembered, with a first pass of its own."""
    seed = next(SEEDS)
    return {**SMALL, "seed": seed, "cfg_scale": round(3 + seed * 1e-6, 6)}


@pytest.fixture
def faults(webui: WebUI) -> None:
    if "test faults" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")


def fault(where: str, **more: Any) -> dict[str, Any]:
    return {"alwayson_scripts": {"Test faults": {"args": [{"where": where, **more}]}}}


def calls(answer: Answer) -> int:
    """How often the model ran in a generation with the fault "count"."""
    return answer.info["extra_generation_params"]["Test model calls"]


def shown(answer: Answer) -> dict[tuple[int, str], Any]:
    """The pictures, by the image that they belong to and each strategy that gives them."""
    return {
        (record["image"], text): answer.images[record["index"]]
        for record in answer.records
        for text in (record["strategy"], *record["same_as"])
    }


def assert_same(one: Any, other: Any) -> None:
    assert same(one, other), difference(one, other)


@pytest.mark.usefixtures("faults")
@pytest.mark.parametrize(
    ("text", "searches"),
    [("Latent x1.5 @auto", 1), ("Lanczos x1.5 @auto", 1), ("Lanczos x1.5 @auto > Latent x1.5 @auto", 2)],
)
def test_the_number_gives_the_bits_and_looking_costs_seven_evaluations_once(
    webui: WebUI, fields: dict[str, Any], text: str, searches: int
) -> None:
    counted = {**fields, **fault("count")}
    first = webui.txt2img(text, **counted)
    record = first.records[0]
    assert record["error"] is None and "auto" not in record["strategy"], record
    again = webui.txt2img({"strategies": [record["strategy"]], "reuse_first_pass": False}, **counted)
    assert_same(again.images[0], first.images[0])
    looked = calls(first) - calls(again)
    assert 1 < looked <= searches * SEARCH
    second = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, **counted)
    assert calls(second) == calls(again)
    assert second.records[0]["strategy"] == record["strategy"]
    anew = webui.txt2img({"strategies": [text.replace("auto", "auto!")], "reuse_first_pass": False}, **counted)
    assert calls(anew) - calls(again) == looked
    assert anew.records[0]["start_sigma"] == pytest.approx(record["start_sigma"], rel=1e-3)


@pytest.mark.usefixtures("faults")
def test_the_images_of_a_generation_start_alike(webui: WebUI, fields: dict[str, Any]) -> None:
    argument = {"strategies": ["Lanczos x1.5 @{auto,0.7}"], "reuse_first_pass": False}
    shape = {"batch_size": 2, "n_iter": 2}
    answer = webui.txt2img(argument, **fields, **shape, **fault("count"))
    strategies = {record["strategy"] for record in answer.records if "@0.7" not in record["strategy"]}
    assert len(strategies) == 1 and len(answer.records) == 8
    (text,) = strategies
    numbers = {**argument, "strategies": [text, "Lanczos x1.5 @0.7"]}
    given = webui.txt2img(numbers, **fields, **shape, **fault("count"))
    assert calls(answer) - calls(given) <= SEARCH
    for one, other in zip(answer.images, given.images, strict=True):
        assert_same(one, other)


# name: fields of the generation, settings, and what stands in the strategies
DISTURBING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "churn": ({"s_churn": 20.0, "s_noise": 1.05}, {}),
    "extra noise": ({}, {"img2img_extra_noise": 0.1}),
    "a seed delta": ({"sampler_name": "Euler a"}, {"eta_noise_seed_delta": 31337}),
    "a discarded sigma": ({}, {"always_discard_next_to_last_sigma": True}),
    "noise multiplier": ({"scheduler": "SGM Uniform"}, {"sgm_noise_multiplier": True}),
    "merged tokens": ({}, {"token_merging_ratio_hr": 0.5}),
    "noise of NV": ({}, {"randn_source": "NV"}),
    "noise of the CPU": ({}, {"randn_source": "CPU"}),
    "no guidance early": ({}, {"skip_early_cond": 0.3}),
    "less guidance late": ({}, {"s_min_uncond": 4.0}),
    "prompt editing": ({"prompt": "a [red:blue:0.5] house [by:on:1.5] a lake"}, {}),
    "two prompts": ({"prompt": "a red house :1.2 AND a lake :0.6"}, {}),
    "color correction": ({}, {"img2img_color_correction": True}),
    "previews of all": ({}, {"show_progress_every_n_steps": 1, "show_progress_type": "Full"}),
    "cheap previews": (
        {}, {"show_progress_every_n_steps": 1, "show_progress_type": "Approx cheap", "live_preview_content": "Prompt"},
    ),
    "previews of jobs": ({}, {"show_progress_every_n_steps": -1}),
    "a batch": ({"batch_size": 2}, {}),
    "Brownian noise": ({"sampler_name": "DPM++ 2M SDE"}, {}),
    "other methods of the VAE": ({}, {"sd_vae_encode_method": "TAESD", "sd_vae_decode_method": "Full"}),
}  # fmt: skip


@pytest.fixture(params=DISTURBING)
def disturbed(request: pytest.FixtureRequest, webui: WebUI) -> dict[str, Any]:
    """Fields and settings of which one thinks that they might mix with single evaluations of the model."""
    own, settings = DISTURBING[request.param]
    known = webui.get("/sdapi/v1/options")
    if lacking := [name for name in settings if name not in known]:
        pytest.skip(f"this WebUI has no setting {', '.join(lacking)}")
    return {**own, "override_settings": settings}


def test_looking_leaves_no_trace(webui: WebUI, fields: dict[str, Any], disturbed: dict[str, Any]) -> None:
    """In the variants around it, and in the next Hires. fix, first pass and all."""
    every = {**fields, **disturbed}
    fix = webui.hires_fix("Latent", 1.5, 0.7, **every)
    plain = webui.txt2img({"strategies": TEXTS, "reuse_first_pass": False}, **every)
    if "sd_vae_encode_method" in disturbed["override_settings"] and plain.records[0]["error"]:
        pytest.skip("this WebUI has no TAESD, and cannot fetch it")
    looks = ["Lanczos x1.5 @auto! [sampler DPM++ 2M]", "Latent x1.5 @auto!"]
    among = webui.txt2img({"strategies": [TEXTS[0], *looks, TEXTS[1]], "reuse_first_pass": False}, **every)
    assert [record["error"] for record in among.records] == [None] * len(among.records)
    found = shown(among)
    for which, image in shown(plain).items():
        assert_same(found[which], image)
    assert_same(webui.hires_fix("Latent", 1.5, 0.7, **every).images[0], fix.images[0])


def test_a_network_in_the_prompt_is_there_as_before(webui: WebUI, fields: dict[str, Any]) -> None:
    names = [each["name"] for each in webui.get("/sdapi/v1/loras")] if _has(webui, "/sdapi/v1/loras") else ["tint"]
    if not names:
        pytest.skip("this WebUI has no LoRA")
    plain = webui.txt2img({"strategies": TEXTS, "reuse_first_pass": False}, **fields)
    look = f'Latent x1.5 @auto! [prompt "a house <lora:{names[0]}:1>"]'
    among = webui.txt2img({"strategies": [TEXTS[0], look, TEXTS[1]], "reuse_first_pass": False}, **fields)
    found = shown(among)
    for which, image in shown(plain).items():
        assert_same(found[which], image)
    own = next(text for _, text in found if "lora" in text)
    assert_same(webui.txt2img({"strategies": [own], "reuse_first_pass": False}, **fields).images[0], found[0, own])
    last = webui.txt2img({"strategies": TEXTS, "reuse_first_pass": False}, **fields)
    assert all(same(one, other) for one, other in zip(last.images, plain.images, strict=True))


def _has(webui: WebUI, path: str) -> bool:
    return webui.session.get(webui.url + path, timeout=60).ok


@pytest.mark.usefixtures("faults")
@pytest.mark.parametrize(
    ("where", "call", "words"),
    [
        ("model", 3, "out of memory"), ("model", 1, "out of memory"), ("model nan", 1, "nan"), ("model nan", 2, "nan"),
        ("model nan", 5, "nan"), ("encode", 1, "out of memory"),
    ],
)  # fmt: skip
def test_a_search_that_fails(webui: WebUI, fields: dict[str, Any], where: str, call: int, words: str) -> None:
    """The others go on, the sentence says why, and what comes next is as on a fresh start."""
    texts = ["Latent x1.5 @auto > Lanczos x1.5", "Latent x1.5 @0.7"]
    plain = webui.txt2img({"strategies": texts[1:], "reuse_first_pass": False}, **fields)
    before = fields["steps"] if where.startswith("model") else 0  # calls of the first pass
    broken = webui.txt2img(
        {"strategies": texts, "reuse_first_pass": False}, **fields, **fault(where, call=before + call, times=1)
    )
    lost, kept = broken.records
    assert lost["error"].startswith("'Latent x1.5 @auto' did not run: its denoising strength was not found: ")
    assert words in lost["error"].lower().replace("not a picture", "nan"), lost["error"]
    assert lost["stage"] is None and kept["error"] is None
    assert_same(broken.images[kept["index"]], plain.images[0])
    again = webui.txt2img({"strategies": texts, "reuse_first_pass": False}, **fields)
    assert [record["error"] for record in again.records] == [None, None]
    assert_same(shown(again)[0, texts[1]], plain.images[0])


@pytest.mark.usefixtures("faults")
@pytest.mark.parametrize("how", ["interrupt", "skip", "interrupt-after-current"])
def test_stopping_while_it_looks(webui: WebUI, fields: dict[str, Any], how: str) -> None:
    """What is finished is kept; what starts where it looks has not begun."""
    first = "Lanczos x1.5 @0.4"
    texts = [f"{first} > Latent x1.25 @0.7", f"{first} > Latent x1.25 @auto!"]
    plain = webui.txt2img({"strategies": [first], "reuse_first_pass": False}, **fields)
    slow = fault("model slow", call=fields["steps"] + 1)
    running = Running(webui, {"strategies": texts, "reuse_first_pass": False}, **fields, **slow)
    running.wait_for(FINDING)
    if how == "interrupt-after-current":
        from tests.live.test_interrupt import click_interrupt

        click_interrupt(webui)
    else:
        webui.post(f"/sdapi/v1/{how}")
    answer = running.result()
    assert {record["stage"] for record in answer.records} == {first}
    assert_same(answer.images[0], plain.images[0])
    patient = webui.get("/sdapi/v1/options").get("interrupt_after_current", True)  # off: the first click ends it
    told = {"interrupt": "interrupted", "skip": "skipped"}.get(how, "stopped" if patient else "interrupted")
    assert all(f"did not run: the user {told} it." in record["error"] for record in answer.records)
    last = webui.txt2img({"strategies": [first], "reuse_first_pass": False}, **fields)
    assert_same(last.images[0], plain.images[0])


@pytest.mark.usefixtures("faults")
def test_the_bar_never_falls_and_says_what_happens(webui: WebUI, fields: dict[str, Any]) -> None:
    slow = fault("model slow", call=1)
    running = Running(webui, {"strategies": ["Latent x1.5 @auto!"], "reuse_first_pass": False}, **fields, **slow)
    running.wait_for("Hires stage 1 of 1: Latent x1.5 @0.")
    running.result()
    seen = [each["progress"] for each in running.seen if each["state"]["job_count"] > 0]
    assert seen == sorted(seen)
    looking = {each["progress"] for each in running.seen if FINDING in (each["textinfo"] or "")}
    assert len(looking) >= SEARCH - 2
    assert any(f"{FINDING} 'Latent x1.5 @auto!'" in (each["textinfo"] or "") for each in running.seen)


@pytest.fixture
def samplers(webui: WebUI) -> Iterator[list[str]]:
    yield [f"sampler {name}" for name in webui.names("samplers")] + [
        f"scheduler {name}" for name in webui.traits.schedulers
    ]


def test_every_sampler_and_schedule_type(webui: WebUI, fields: dict[str, Any], samplers: list[str]) -> None:
    """Works, or says why not; one search is enough for all."""
    texts = [f"Latent x1.25 @auto [{each}; 4 steps]" for each in samplers]
    for start in range(0, len(texts), 12):
        some = texts[start : start + 12]
        answer = webui.txt2img({"strategies": some}, **fields)
        for record in answer.records:
            asked = record.get("asked") or record["strategy"]
            if record["error"] is None:
                assert 0 < record["denoising_strength"] <= 1, asked
                assert record["start_sigma"] is None or record["start_sigma"] > 0
            else:
                assert "does not tell where it starts" in record["error"] or "steps" in record["error"], record
