"""The host has every name that processing.py and state.py write down. (The workbench's are held against real hosts.)"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from hires_strategies.webui.host import processing, state

OURS = (processing, state)


def names_of(protocol: type) -> set[str]:
    """Fields and methods, those of the protocols that it derives from too."""
    found: set[str] = set()
    for each in protocol.__mro__:
        if each.__module__ in [ours.__name__ for ours in OURS]:
            found |= set(each.__annotations__) | {name for name in vars(each) if not name.startswith("_")}
    return found


# Fields that only some hosts have, or that are there once something was done.
NOT_EVERYWHERE: dict[str, Any] = {"txt2img_upscale": False, "hr_cfg": 1.0, "lora_hashes": {}}


@pytest.fixture(scope="module")
def of_the_host(api: Any) -> dict[str, Any]:
    """An object of the host's for every protocol, as it is during a generation."""
    from modules import extra_networks, rng, scripts, sd_samplers, shared
    from modules.processing import Processed, StableDiffusionProcessingTxt2Img

    p = StableDiffusionProcessingTxt2Img(prompt="a house")
    p.all_prompts, p.all_negative_prompts, p.all_seeds, p.all_subseeds = ["a house"], [""], [1], [1]
    p.sd_model_name = p.sd_model_hash = "name"
    if not scripts.scripts_txt2img.alwayson_scripts:  # a test loaded the scripts anew
        scripts.scripts_txt2img.initialize_scripts(is_img2img=False)
    p.scripts = scripts.scripts_txt2img
    section = next(each for each in p.scripts.alwayson_scripts if each.title() == "Hires strategies")
    upscaler = next(each for each in shared.sd_upscalers if each.scaler is not None)
    return {
        "Processing": SimpleNamespace(**{name: getattr(p, name) for name in dir(p)}, **NOT_EVERYWHERE),
        "NetworkParams": extra_networks.ExtraNetworkParams(["name"]),
        "Sampler": sd_samplers.create_sampler("Euler", shared.sd_model),
        "ImageRNG": rng.ImageRNG((4, 8, 8), [1]),
        "ScriptRunner": p.scripts,
        "Script": section,
        "SelectableScript": p.scripts.selectable_scripts[0],
        "SectionScript": section,
        "ImageArguments": scripts.PostprocessImageArgs(Image.new("RGB", (8, 8))),
        "Processed": Processed(p, [Image.new("RGB", (8, 8))]),
        "CheckpointInfo": shared.sd_model.sd_checkpoint_info,
        "UpscalerEntry": upscaler,
        "Upscaler": upscaler.scaler,
        "State": shared.state,
        "OptionInfo": next(iter(shared.opts.data_labels.values())),
        "Options": shared.opts,
    }


PROTOCOLS = {
    name: each
    for ours in OURS
    for name, each in vars(ours).items()
    if getattr(each, "_is_protocol", False) and name != "Protocol"
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_host_has_every_name(of_the_host: dict[str, Any], name: str) -> None:
    wanted = names_of(PROTOCOLS[name])
    assert wanted
    assert [each for each in sorted(wanted) if not hasattr(of_the_host[name], each)] == []
