"""What an image's text says of its stages: all that host, samplers and scripts wrote on its path, and nothing of
another path; read back, it gives the same picture."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import pytest
from PIL.PngImagePlugin import PngInfo

from tests.live.client import Answer, WebUI, difference, same
from tests.live.plots import Axis, plot

pytestmark = pytest.mark.usefixtures("computed_first_passes")

KEY = "Hires strategy"
EVERY = "process_before_every_sampling"
EULER_A, DDIM, DPM = ({"sampler_name": name} for name in ("Euler a", "DDIM", "DPM++ 2M"))
KARRAS = {"sampler_name": "DPM++ 2M", "scheduler": "Karras"}
LONG = ", ".join(f"word{n}" for n in range(40))
# name: (settings, fields)
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "extra noise": ({"img2img_extra_noise": 0.3}, {}),
    "extra noise, DDIM": ({"img2img_extra_noise": 0.3}, DDIM),
    "token merging": ({"token_merging_ratio_hr": 0.4}, {}),
    "token merging of both": ({"token_merging_ratio": 0.3}, {}),
    "eta": ({"eta_ancestral": 0.5}, EULER_A),
    "eta of DDIM": ({"eta_ddim": 0.3}, DDIM),
    "seed delta": ({"eta_noise_seed_delta": 31337}, EULER_A),
    "churn": ({"s_churn": 3.0, "s_tmin": 0.2, "s_noise": 0.9}, {}),
    "least and largest sigma": ({"sigma_min": 0.1, "sigma_max": 9.0, "rho": 5.0}, KARRAS),
    "noise multiplier": ({"sgm_noise_multiplier": True}, {}),
    "guidance left out": ({"s_min_uncond": 2.0}, {}),
    "guidance left out early": ({"skip_early_cond": 0.3}, {}),
    "discarded sigma": ({"always_discard_next_to_last_sigma": True}, {}),
    "old editing": ({"use_old_scheduling": True}, {"prompt": "a [red:blue:0.5] house [in fog:at noon:1.5]"}),
    "emphasis": ({"emphasis": "No norm"}, {"prompt": "a (red:1.4) house"}),
    "padded": ({"pad_cond_uncond": True}, {"prompt": LONG, "negative_prompt": ""}),
    "a schedule of its own": ({}, KARRAS),
    "schedule by the sampler": ({}, DPM),
    "beta": ({}, {"scheduler": "Beta"}),
    "encoder": ({"sd_vae_encode_method": "Approx NN"}, {}),
}
# Keys of Hires. fix that a strategy's text stands for.
STOOD_FOR = re.compile(r"Hires (up|steps|sampler|prompt|negative|schedule)|Denoising strength|Hires strategy")


def parameters(text: str) -> dict[str, str]:
    """The parameters of an infotext, as they stand there."""
    pairs = re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', text.split("\n")[-1])
    return {key: value for key, value in pairs if key not in ("Version", "Steps", "Size", "Seed")}


def run(webui: WebUI, argument: Any, **fields: Any) -> Answer:
    """A generation that computes all of it."""
    if isinstance(argument, str):
        argument = {"strategies": [argument]}
    return webui.txt2img({"reuse_first_pass": False, **argument}, **{"steps": 4, **fields})


def again(webui: WebUI, answer: Answer, index: int = 0) -> Answer:
    """What the text of an image gives where it is read."""
    body: dict[str, Any] = {"infotext": answer.info["infotexts"][index]}
    # A1111's API makes one text of the list of styles that it finds; its page takes it as a list.
    encoded = io.BytesIO()
    metadata = PngInfo()
    metadata.add_text("parameters", body["infotext"])
    answer.images[index].save(encoded, "PNG", pnginfo=metadata)
    read = webui.post("/sdapi/v1/png-info", {"image": base64.b64encode(encoded.getvalue()).decode()})
    if read["parameters"].get("Styles array"):
        body["styles"] = read["parameters"]["Styles array"]
    return webui.answer_to(body)


def assert_restored(webui: WebUI, answer: Answer, index: int = 0) -> None:
    text = answer.info["infotexts"][index]
    restored = again(webui, answer, index)
    assert same(restored.images[0], answer.images[index]), difference(restored.images[0], answer.images[index])
    assert parameters(restored.info["infotexts"][0]) == parameters(text)


def needs(webui: WebUI, settings: dict[str, Any], fields: dict[str, Any]) -> None:
    options = webui.get("/sdapi/v1/options")
    if missing := [name for name in settings if name not in options]:
        pytest.skip(f"this WebUI has no setting {missing}")
    if "scheduler" in fields and fields["scheduler"] not in [s["label"] for s in webui.get("/sdapi/v1/schedulers")]:
        pytest.skip(f"this WebUI has no schedule type {fields['scheduler']}")


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_stage_tells_what_hires_fix_tells(webui: WebUI, name: str, upscaler: str) -> None:
    settings, fields = SETTINGS[name]
    needs(webui, settings, fields)
    fields = {"override_settings": settings, "steps": 4, **fields}
    theirs = webui.hires_fix(upscaler, 1.5, 0.6, **fields)
    ours = run(webui, f"{upscaler} x1.5 @0.6", **fields)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])
    told, expected = (parameters(answer.info["infotexts"][0]) for answer in (ours, theirs))
    expected = {key: value for key, value in expected.items() if not STOOD_FOR.match(key)}
    assert expected.items() <= told.items()
    assert {key for key in told if STOOD_FOR.match(key)} == {KEY}
    assert_restored(webui, ours)


@pytest.mark.parametrize(
    ("first", "options", "expected"),
    [
        ({}, "sampler Euler a", {"Eta": "0.5"}),
        (EULER_A, "sampler Euler", {"Eta": "0.5"}),
        ({}, "sampler DDIM", {"Eta DDIM": "0.3"}),
        (DPM, "sampler Euler", {"Schedule type": "Karras"}),
        ({}, "sampler DPM++ 2M", {"Schedule type": "Automatic", "Schedule type in stage 1": "Karras"}),
        (KARRAS, "scheduler Exponential", {"Schedule type": "Karras", "Schedule type in stage 1": "Exponential"}),
        ({}, "sampler Euler a; 3 steps; cfg 3", {"ENSD": "5"}),
    ],
)
def test_a_stage_that_differs_is_restored(
    webui: WebUI, first: dict[str, Any], options: str, expected: dict[str, str]
) -> None:
    settings = {"eta_ancestral": 0.5, "eta_ddim": 0.3, "eta_noise_seed_delta": 5}
    answer = run(webui, f"Latent x1.5 @0.6 [{options}]", override_settings=settings, **first)
    assert expected.items() <= parameters(answer.info["infotexts"][0]).items()
    assert_restored(webui, answer)


def test_every_picture_tells_its_own_path(webui: WebUI) -> None:
    """The first pass wrote Eta, one variant's stage Eta DDIM, all stages Extra noise."""
    strategies = ["Latent x1.5 @0.6 [sampler DDIM]", "Latent x1.25 @0.5", "Lanczos x1.5", "Direct x1.5 [sampler Euler]"]
    settings = {"eta_ancestral": 0.5, "eta_ddim": 0.3, "img2img_extra_noise": 0.2}
    argument = {"strategies": strategies, "first_pass": True}
    answer = run(webui, argument, override_settings=settings, batch_size=2, n_iter=2, **EULER_A)
    keys = ("Eta", "Eta DDIM", "Extra noise")
    grid = len(answer.info["infotexts"]) - 20
    told = [tuple(key in parameters(text) for key in keys) for text in answer.info["infotexts"][grid:]]
    expected = [(True, True, True), (True, False, True), (True, False, False), (False,) * 3, (True, False, False)]
    assert told == [each for each in expected for _ in range(4)]
    seeds = [record["seed"] for record in answer.records]
    assert [f"Seed: {seed}," in text for seed, text in zip(seeds, answer.info["infotexts"][grid:])] == [True] * 20


@pytest.mark.parametrize("strategy", ["Latent x1.25 @0.5", "Lanczos x1.5", "Direct x1.5 [sampler Euler]"])
def test_an_extra_pictures_text_is_that_of_its_own_run(webui: WebUI, strategy: str) -> None:
    fields = {"override_settings": {"eta_ancestral": 0.5, "eta_ddim": 0.3, "img2img_extra_noise": 0.2}, **EULER_A}
    both = run(webui, {"strategies": ['Latent x1.5 @0.6 [sampler DDIM; prompt "a boat"]', strategy]}, **fields)
    alone = run(webui, strategy, **fields)
    assert parameters(both.info["infotexts"][1]) == parameters(alone.info["infotexts"][0])
    assert same(both.images[1], alone.images[0])


def test_a_plots_cell_tells_nothing_of_the_cell_before(webui: WebUI) -> None:
    settings = {"eta_ddim": 0.3, "img2img_extra_noise": 0.2}
    texts = '"Latent x1.25 @0.6 [sampler DDIM; prompt ""a boat""]","Lanczos x1.25","Latent x1.25 @0.5"'
    answer = plot(webui, False, Axis("[Hires] Strategy", texts), override_settings=settings, steps=3)
    told = [parameters(text) for text in answer.info["infotexts"][1:4]]
    assert ["Eta DDIM" in each for each in told] == [True, False, False]
    assert ["Extra noise" in each for each in told] == [True, False, True]


def test_networks_of_a_stage_are_told_by_its_pictures_alone(webui: WebUI) -> None:
    names = [each["name"] for each in webui.get("/sdapi/v1/loras")] if _has_loras(webui) else ["tint", "grain"]
    if not names:
        pytest.skip("this WebUI has no LoRA")
    first, second = names[0], names[-1]
    strategies = [f'Latent x1.5 @0.6 [prompt "a <lora:{second}:0.5>"]', "Latent x1.5 @0.5"]
    answer = run(webui, {"strategies": strategies, "first_pass": True}, prompt="a house")
    told = [parameters(text).get("Lora hashes", "") for text in answer.info["infotexts"]]
    if not any(told):
        pytest.skip("this WebUI's LoRA has no hash")
    assert [second in each for each in told] == [True, False, False]
    answer = run(webui, {"strategies": strategies, "first_pass": True}, prompt=f"a house <lora:{first}:1>")
    told = [parameters(text).get("Lora hashes", "") for text in answer.info["infotexts"]]
    assert all(first in each for each in told)
    assert second in told[0] and (first == second or second not in told[1] + told[2])


def _has_loras(webui: WebUI) -> bool:
    return bool(webui.session.get(f"{webui.url}/sdapi/v1/loras", timeout=60).ok)


@pytest.mark.parametrize(
    ("where", "values", "expected"),
    [
        # Only the stages write it, and agree.
        ("before_hr", [{"Mood": 1}, {"Mood": 1}], {"Mood": "1"}),
        # They do not.
        ("before_hr", [{"Mood": 1}, {"Mood": 2}], {"Mood in stage 1": "1", "Mood in stage 2": "2"}),
        ("before_hr", [{}, {"Mood": "a, b: c"}], {"Mood": '"a, b: c"'}),
        # The first pass keeps its own.
        (EVERY, [{"Mood": 1}, {"Mood": 1}, {"Mood": 1}], {"Mood": "1"}),
        (EVERY, [{"Mood": 1}, {"Mood": 1}, {"Mood": 2}], {"Mood": "1", "Mood in stage 2": "2"}),
        (EVERY, [{"Mood": 1}, {"Mood": 3}, {}], {"Mood": "1", "Mood in stage 1": "3"}),
        (EVERY, [{"Mood": 1}, {"Mood": None}, {}], {"Mood": "1"}),
    ],
)  # fmt: skip
def test_what_scripts_write_in_stages(
    webui: WebUI, where: str, values: list[dict[str, Any]], expected: dict[str, str]
) -> None:
    if "test parameters" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    script = {"Test parameters": {"args": [{"where": where, "values": values}]}}
    argument = {"strategies": ["Latent x1.25 @0.6 > None x1.25 @0.4"], "first_pass": True}
    answer = run(webui, argument, alwayson_scripts=script)
    told, first = (parameters(text) for text in answer.info["infotexts"])
    assert {key: value for key, value in told.items() if key.startswith("Mood")} == expected
    assert {key: value for key, value in first.items() if key.startswith("Mood")} == (
        {"Mood": "1"} if where == EVERY else {}
    )


def test_a_remembered_first_pass_tells_the_same(webui: WebUI) -> None:
    before = webui.get("/sdapi/v1/options").get("hires_strategies_remember_first_passes", True)
    webui.post("/sdapi/v1/options", {"hires_strategies_remember_first_passes": True})
    try:
        settings = {"eta_ancestral": 0.5, "img2img_extra_noise": 0.2}
        fields = {"override_settings": settings, "seed": 515, "steps": 4, **EULER_A}
        strategies = {"strategies": ["Latent x1.5 @0.6 [sampler DDIM]", "Direct x1.25 [sampler Euler]"]}
        fresh, reused = (webui.txt2img(strategies, **fields) for _ in range(2))
    finally:
        webui.post("/sdapi/v1/options", {"hires_strategies_remember_first_passes": before})
    assert [answer.records[0]["first_pass_reused"] for answer in (fresh, reused)] == [False, True]
    assert fresh.info["infotexts"] == reused.info["infotexts"]
    assert "Eta" in parameters(reused.info["infotexts"][0]) and "Eta" not in parameters(reused.info["infotexts"][1])
