"""Remembered first passes: when one is used, what comes back, and above all when none may be used."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.live.client import Answer, WebUI, difference, same
from tests.live.plots import Axis, plot
from tests.live.test_interrupt import Running

AUDIT = {"hires_strategies_audit_first_passes": True}
SMALL = {"width": 64, "height": 64, "steps": 2}
# Seeds that no other test uses, so that nothing is known of them in this run.
SEEDS: Iterator[int] = count(900_000, 100)
# Stages that show the first pass as it is.
PASS = "hires_fix_refiner_pass"
SHOW = "Nearest x2"


def stages_only(webui: WebUI, argument: Any = SHOW, **fields: Any) -> bool:
    """Whether a ticked generation takes its first pass from memory; the audit compares it with a fresh one."""
    settings = {**AUDIT, **fields.pop("override_settings", {})}
    return reused(webui.txt2img(argument, override_settings=settings, **{**SMALL, **fields}))


def reused(answer: Answer) -> bool:
    assert len({record["first_pass_reused"] for record in answer.records}) == 1
    return answer.records[0]["first_pass_reused"]


def known(webui: WebUI, **fields: Any) -> dict[str, Any]:
    """A generation without the section, with a seed of its own: from now on its first pass is known."""
    fields = {"seed": next(SEEDS), **SMALL, **fields}
    webui.txt2img(False, **fields)
    return fields


@pytest.mark.parametrize("text", ["Latent x1.5 @0.6", "Lanczos x1.5 @0.5", "Lanczos x1.5"])
@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ SDE"])
def test_a_hit_is_a_fresh_run(webui: WebUI, text: str, sampler: str) -> None:
    fields = known(webui, sampler_name=sampler, width=128, height=128, steps=4)
    hit = webui.txt2img(text, **fields, override_settings=AUDIT)
    fresh = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, **fields)
    assert reused(hit) and not reused(fresh)
    assert same(hit.images[0], fresh.images[0]), difference(hit.images[0], fresh.images[0])
    assert hit.info["infotexts"] == fresh.info["infotexts"]


def test_what_sampling_writes_into_the_text_is_there(webui: WebUI) -> None:
    """The schedule type, and the ENSD, which the host writes only for a sampler with an eta."""
    settings = {"eta_noise_seed_delta": 31337, "eta_ancestral": 0.6}
    fields = known(webui, sampler_name="Euler a", scheduler="Karras", override_settings=settings)
    hit = webui.txt2img(SHOW, **fields)
    assert reused(hit)
    for words in ("Schedule type: Karras", "ENSD: 31337", "Eta: 0.6"):
        assert words in hit.info["infotexts"][0]


def test_the_fourth_of_a_batch_of_eight(webui: WebUI) -> None:
    """The stages start from the very latents that made the picture."""
    first = next(SEEDS)
    batch = webui.txt2img(False, batch_size=4, n_iter=2, seed=first, override_settings={"return_grid": False}, **SMALL)
    for index in (3, 4):
        picked = webui.txt2img(SHOW, seed=first + index, override_settings=AUDIT, **SMALL)
        assert reused(picked)
        shown = batch.images[index].resize((128, 128), 0)
        assert same(picked.images[0], shown), difference(picked.images[0], shown)


def test_the_same_batch_again(webui: WebUI) -> None:
    fields = known(webui, batch_size=2, n_iter=2)
    hit = webui.txt2img("Lanczos x1.5 @0.5", **fields, override_settings={**AUDIT, "return_grid": False})
    argument = {"strategies": ["Lanczos x1.5 @0.5"], "reuse_first_pass": False}
    fresh = webui.txt2img(argument, **fields, override_settings={"return_grid": False})
    assert reused(hit)
    for one, other in zip(hit.images, fresh.images, strict=True):
        assert same(one, other), difference(one, other)


def test_a_batch_with_an_unknown_image_is_computed_as_one(webui: WebUI) -> None:
    first = known(webui, batch_size=2)["seed"]
    fields = {"seed": first + 1, "batch_size": 2, **SMALL, "override_settings": {"return_grid": False}}
    mixed = webui.txt2img(SHOW, **fields)
    fresh = webui.txt2img({"strategies": [SHOW], "reuse_first_pass": False}, **fields)
    assert not reused(mixed)
    for one, other in zip(mixed.images, fresh.images, strict=True):
        assert same(one, other), difference(one, other)
    assert stages_only(webui, seed=first + 2)


def test_a_ticked_generation_is_remembered_too(webui: WebUI) -> None:
    seed = next(SEEDS)
    assert not stages_only(webui, seed=seed)
    assert stages_only(webui, "Lanczos x1.5", seed=seed)


def test_an_unticked_generation_never_reads(webui: WebUI) -> None:
    """With its memory full of another batch's bits a plain generation is still computed."""
    first = known(webui, batch_size=4)["seed"]
    alone = webui.txt2img(False, seed=first + 3, **SMALL)
    webui.txt2img({"strategies": [SHOW], "reuse_first_pass": False}, seed=next(SEEDS), **SMALL)
    again = webui.txt2img(False, seed=first + 3, **SMALL)
    assert same(alone.images[0], again.images[0])
    assert "hires_strategies" not in again.info


def test_direct_reuses_nothing(webui: WebUI) -> None:
    fields = known(webui)
    answer = webui.txt2img({"strategies": ["Direct x1.5", SHOW]}, **fields)
    assert [record["first_pass_reused"] for record in answer.records] == [False, True]


BASE: dict[str, Any] = {"sampler_name": "Euler a", "scheduler": "Automatic"}
CHANGES: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": "a red house by a lake, sunrise"},
    "prompt's last space": {"prompt": "a red house by a lake, sunset "},
    "negative prompt": {"negative_prompt": "blurry, dark"},
    "prompt editing": {"prompt": "a red house by a lake, [sunset:sunset:0.5]"},
    "steps": {"steps": 3},
    "CFG scale": {"cfg_scale": 5.5},
    "sampler": {"sampler_name": "Euler"},
    "schedule type": {"scheduler": "Karras"},
    "width": {"width": 128},  # Neo 2.26 rounds to 64
    "height": {"height": 128},
    "variation": {"subseed": 5, "subseed_strength": 0.2},
    "seed resize": {"seed_resize_from_w": 80, "seed_resize_from_h": 56},
    "eta": {"eta": 0.5},
    "sigma churn": {"s_churn": 0.5},
    "sigma tmin": {"s_tmin": 0.5},
    "sigma noise": {"s_noise": 1.05},
    "negative guidance minimum sigma": {"s_min_uncond": 2},
    "tiling": {"tiling": True},
    "Hires. fix": {"enable_hr": True, "hr_upscaler": "Latent", "hr_scale": 1.5, "denoising_strength": 0.7},
}
OPTIONS: dict[str, Any] = {
    "CLIP_stop_at_last_layers": 2,
    "eta_noise_seed_delta": 7,
    "randn_source": "NV",
    "token_merging_ratio": 0.4,
    "emphasis": "No norm",
    "comma_padding_backtrack": 3,
    "enable_batch_seeds": False,
    "enable_quantization": True,
    "upcast_attn": True,
    "eta_ancestral": 0.5,
    "eta_ddim": 0.5,
    "s_churn": 0.5,
    "s_tmin": 0.5,
    "s_tmax": 5,
    "s_noise": 1.05,
    "sigma_min": 0.1,
    "sigma_max": 9,
    "rho": 5,
    "always_discard_next_to_last_sigma": True,
    "sgm_noise_multiplier": True,
    "skip_early_cond": 0.5,
    "s_min_uncond": 2,
    "s_min_uncond_all": True,
    "pad_cond_uncond": True,
    "pad_cond_uncond_v0": True,
    "batch_cond_uncond": False,
    "sd_noise_schedule": "Zero Terminal SNR",
    "beta_dist_alpha": 0.7,
    "uni_pc_order": 2,
    "use_old_emphasis_implementation": True,
    "use_old_scheduling": True,
    "use_old_karras_scheduler_sigmas": True,
    "no_dpmpp_sde_batch_determinism": True,
    "use_downcasted_alpha_bar": True,
    "sdxl_crop_left": 8,
    "cross_attention_optimization": "InvokeAI",
    "token_merging_ratio_hr": 0.4,  # cannot change a first pass, but is no option of the page
    "hypertile_enable_unet": True,
    "fp8_storage": "Enable for SDXL",
    "sd_vae": "None",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_generation_is_no_hit(webui: WebUI, name: str) -> None:
    schemas = webui.get("/openapi.json")["components"]["schemas"]
    for field in CHANGES[name]:
        if field not in schemas["StableDiffusionProcessingTxt2Img"]["properties"]:
            pytest.skip(f"this WebUI's txt2img has no {field}")
    fields = known(webui, **BASE)
    assert not stages_only(webui, **{**fields, **CHANGES[name]})
    assert stages_only(webui, **fields)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_change_of_an_option_is_no_hit(webui: WebUI, name: str) -> None:
    options = webui.get("/sdapi/v1/options")
    if options.get(name, OPTIONS[name]) == OPTIONS[name]:
        pytest.skip(f"this WebUI has no option {name}, or this value of it")
    fields = known(webui, **BASE)
    assert not stages_only(webui, **fields, override_settings={name: OPTIONS[name]})
    assert stages_only(webui, **fields)


@pytest.mark.parametrize("option", [{"samples_format": "jpg"}, {"return_grid": False}, {"live_previews_enable": False}])
def test_an_option_of_the_page_changes_nothing(webui: WebUI, option: dict[str, Any]) -> None:
    assert stages_only(webui, **known(webui), override_settings=option)


def test_another_checkpoint_is_no_hit(webui: WebUI) -> None:
    files = {each["title"]: each["filename"] for each in webui.get("/sdapi/v1/sd-models")}
    if len(files) < 2:
        pytest.skip("this WebUI has one checkpoint")
    fields = known(webui)
    used = webui.get("/sdapi/v1/options")["sd_model_checkpoint"]
    other = next(title for title in files if title != used)
    assert not stages_only(webui, **fields, override_settings={"sd_model_checkpoint": other})
    assert stages_only(webui, **fields)
    refined = {**fields, "refiner_checkpoint": other, "refiner_switch_at": 0.5}
    if PASS in webui.get("/sdapi/v1/options"):
        assert stages_only(webui, **refined), "by default the refiner finishes the second pass"
        refined["override_settings"] = {PASS: "both passes"}
    assert not stages_only(webui, **refined)
    if os.path.exists(files[other]):  # else nothing tells which weights it stands for
        for argument in ("Latent x2 @0.6", SHOW, {"strategies": ["Latent x2 @0.6"], "first_pass": True}):
            assert stages_only(webui, argument, **refined)


def test_the_arguments_of_other_scripts_count(webui: WebUI) -> None:
    if "test faults" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI runs without the tests' own extension (tests/live/faults)")

    def neighbour(call: int) -> dict[str, Any]:
        return {"alwayson_scripts": {"Test faults": {"args": [{"where": "encode", "call": call}]}}}

    fields = known(webui, **neighbour(1000))
    assert not stages_only(webui, **{**fields, **neighbour(1001)})
    assert stages_only(webui, **fields)


def test_a_network_and_its_file_count(webui: WebUI) -> None:
    loras = webui.get("/sdapi/v1/loras") if "/sdapi/v1/loras" in webui.get("/openapi.json")["paths"] else []
    if not loras:
        pytest.skip("this WebUI has no LoRA")
    name, path = loras[0]["name"], loras[0]["path"]
    fields = known(webui, prompt=f"a house <lora:{name}:0.8>")
    assert not stages_only(webui, **{**fields, "prompt": f"a house <lora:{name}:0.7>"})
    assert not stages_only(webui, **{**fields, "prompt": "a house"})
    assert stages_only(webui, **fields)
    if os.path.exists(path):  # a WebUI on this machine
        os.utime(path)
        assert not stages_only(webui, **fields)


def test_the_padded_length_of_the_batch_counts(webui: WebUI) -> None:
    """Beside a prompt of over 75 tokens a short one is padded to its length, and is another picture."""
    if "prompt matrix" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has no prompt matrix")
    for extra, hit in (("a hill", True), ("very " * 90 + "large", False)):
        seed = next(SEEDS)
        matrix = {"script_name": "prompt matrix", "script_args": [False, False, "positive", "comma", 0]}
        webui.txt2img(False, prompt=f"a house|{extra}", seed=seed, batch_size=2, **matrix, **SMALL)
        assert stages_only(webui, prompt="a house", seed=seed) == hit


def test_an_adaptive_sampler_ties_the_batch_together(webui: WebUI) -> None:
    if "DPM adaptive" not in webui.names("samplers"):
        pytest.skip("this WebUI has no DPM adaptive")
    fields = known(webui, sampler_name="DPM adaptive", batch_size=2)
    assert stages_only(webui, **fields)
    assert not stages_only(webui, **{**fields, "batch_size": 1})


def test_hires_fix_remembers_nothing(webui: WebUI) -> None:
    fields = {"seed": next(SEEDS), **SMALL}
    webui.hires_fix("Latent", 1.5, 0.7, **fields)
    assert not stages_only(webui, **fields)


def test_reuse_first_pass_false_neither_reads_nor_writes(webui: WebUI) -> None:
    argument = {"strategies": [SHOW], "reuse_first_pass": False}
    fields = {"seed": next(SEEDS), **SMALL}
    assert not reused(webui.txt2img(argument, **fields))
    assert not reused(webui.txt2img(SHOW, **fields))
    assert not reused(webui.txt2img(argument, **fields))


def test_the_setting_turns_it_off(webui: WebUI) -> None:
    off = {"hires_strategies_remember_first_passes": False}
    fields = known(webui)
    assert not stages_only(webui, **fields, override_settings=off)
    assert not stages_only(webui, **fields)  # what was known is forgotten


@pytest.mark.parametrize("limit", ["hires_strategies_remembered_images", "hires_strategies_remembered_megabytes"])
def test_an_evicted_first_pass_is_computed_again(webui: WebUI, limit: str) -> None:
    fields = known(webui)
    shown = webui.txt2img(SHOW, **fields)
    webui.txt2img(False, **SMALL, seed=next(SEEDS), override_settings={limit: 0})
    again = webui.txt2img(SHOW, **fields)
    assert reused(shown) and not reused(again)
    assert same(shown.images[0], again.images[0])


def test_an_interrupted_first_pass_is_never_remembered(webui: WebUI) -> None:
    fields = {"seed": next(SEEDS), "steps": 60, "width": 256, "height": 256}
    running = Running(webui, False, **fields)
    while not webui.get("/sdapi/v1/progress?skip_current_image=true")["state"]["sampling_step"]:
        assert running.thread.is_alive()
    webui.post("/sdapi/v1/interrupt")
    interrupted = running.result().images[0]
    whole = webui.txt2img(SHOW, **fields)
    assert not reused(whole)
    assert not same(whole.images[0], interrupted.resize((512, 512), 0))


def test_a_plots_shared_texts_do_not_hide_what_was_written(webui: WebUI) -> None:
    """All cells write into one dictionary: the second one finds its schedule type there before it starts."""
    seed = next(SEEDS)
    fields = {"sampler_name": "DPM++ 2M", "scheduler": "Karras"}
    plot(webui, False, Axis("Seed", f"{seed},{seed + 1}"), **fields, **SMALL)
    answer = webui.txt2img(SHOW, seed=seed + 1, **fields, **SMALL)
    assert reused(answer)
    assert "Schedule type: Karras" in answer.info["infotexts"][0]


def test_random_pairs(webui: WebUI) -> None:
    """Two requests from a small world: one plain, one ticked. A hit has a fresh run's bits, by the audit and here."""
    choose = random.Random(20240727)
    hits = 0
    for _ in range(24):
        seed = next(SEEDS)
        pair = [
            {
                "prompt": choose.choice(["a house", "a lake"]),
                "sampler_name": choose.choice(["Euler a", "DPM++ SDE"]),
                "cfg_scale": choose.choice([5, 5, 6]),
                "seed": seed + choose.choice([0, 0, 1]),
                "batch_size": choose.choice([1, 2]),
            }
            for _ in range(2)
        ]
        webui.txt2img(False, **pair[0], **SMALL)
        settings = {**AUDIT, "return_grid": False}
        answer = webui.txt2img("Lanczos x1.5 @0.5", **pair[1], **SMALL, override_settings=settings)
        same_batch = pair[0] == pair[1]
        assert reused(answer) or not same_batch
        hits += reused(answer)
        if same_batch:
            argument = {"strategies": ["Lanczos x1.5 @0.5"], "reuse_first_pass": False}
            fresh = webui.txt2img(argument, **pair[1], **SMALL, override_settings={"return_grid": False})
            for one, other in zip(answer.images, fresh.images, strict=True):
                assert same(one, other), difference(one, other)
    assert hits
