"""Tells a WebUI of Forge's family the widths of the stand-ins: `python -m tests.live.checkpoints.narrow_hosts WEBUI`.

Forge, reForge and Classic know a model by the widths in its file, and make its parts from files of sizes of their own.
This writes the stand-ins' widths into these, in a clone of the WebUI that is kept for tests: nothing else is changed,
and the real checkpoints are no longer recognised there. Seen on Forge dfdcbab6, reForge 3b56b268, Classic 1f95d717.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.checkpoints import autoencoder, text_encoders, unet
from tests.live.checkpoints.flux import WIDTH as FLUX_WIDTH

GUESS = "repositories/huggingface_guess/huggingface_guess"
DIFFUSERS = "backend/huggingface"
PATCHED = "ldm_patched/modules"
CONFIGS = ("configs", "repositories/generative-models/configs/inference")
FORGE_MODELS = ("runwayml/stable-diffusion-v1-5", "stabilityai/stable-diffusion-xl-base-1.0",
                "black-forest-labs/FLUX.1-dev")  # fmt: skip
LAYERS = {"num_hidden_layers": text_encoders.CLIP_LAYERS}
T5 = {"d_model": text_encoders.T5_WIDTH, "d_ff": text_encoders.T5_WIDTH, "num_layers": text_encoders.T5_LAYERS,
      "num_heads": 1}  # fmt: skip
VAE = {
    "block_out_channels": [autoencoder.WIDTH] * autoencoder.LEVELS,
    "layers_per_block": autoencoder.BLOCKS,
}


@dataclass(frozen=True)
class Edit:
    """In the text after `after`, the first `old` becomes `new`, once however often it is applied."""

    file: str
    after: str
    old: str
    new: str

    def apply(self, webui: Path) -> None:
        path = webui / self.file
        before, mark, rest = path.read_text(encoding="utf-8").partition(self.after)
        if not mark:
            raise SystemExit(f"{path} does not say {self.after!r}.")
        old, new = (each if each >= 0 else len(rest) for each in (rest.find(self.old), rest.find(self.new)))
        if old < new:
            path.write_text(before + mark + rest.replace(self.old, self.new, 1), encoding="utf-8")
        elif new == len(rest):
            raise SystemExit(f"{path} says neither {self.old!r} nor {self.new!r} after {self.after!r}.")


def unets(file: str) -> list[Edit]:
    """The widths by which SD 1.5 and SDXL are recognised."""
    width = ('"model_channels": 320', f'"model_channels": {unet.WIDTH}')
    return [
        Edit(file, "class SD15(", *width),
        Edit(file, "class SDXL(", *width),
        Edit(file, "class SDXL(", '"transformer_depth": [0, 0, 2, 2, 10, 10]', '"transformer_depth": [0, 1, 1]'),
    ]


def flux() -> list[Edit]:
    values = {"context_in_dim": (4096, text_encoders.T5_WIDTH), "hidden_size": (3072, FLUX_WIDTH), "num_heads": (24, 1),
              "depth": (19, 1), "depth_single_blocks": (38, 1)}  # fmt: skip
    return [
        Edit(f"{GUESS}/detection.py", '["image_model"] = "flux"', f'["{name}"] = {old}', f'["{name}"] = {new}')
        for name, (old, new) in values.items()
    ]


def patched_autoencoder(quote: str) -> list[Edit]:
    """The autoencoder's sizes stand in a dictionary of sd.py, in reForge on one line and in Classic on several."""
    start = "#default SD1.x/SD2.x VAE parameters" if quote == "'" else "ddconfig = {"
    values = {"ch": ("128", str(autoencoder.WIDTH)), "ch_mult": ("[1, 2, 4, 4]", "[1, 1, 1, 1]"),
              "num_res_blocks": ("2", str(autoencoder.BLOCKS))}  # fmt: skip
    return [
        Edit(f"{PATCHED}/sd.py", start, f"{quote}{name}{quote}: {old}", f"{quote}{name}{quote}: {new}")
        for name, (old, new) in values.items()
    ]


def update(path: Path, values: dict[str, Any]) -> None:
    """Changes values of a file of sizes; a model that the host does not have is passed over."""
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**found, **values}, indent=2) + "\n", encoding="utf-8")


def forge(webui: Path) -> None:
    for edit in (*unets(f"{GUESS}/model_list.py"), *flux()):
        edit.apply(webui)
    configurations(webui)


def configurations(webui: Path) -> None:
    """The sizes of text encoders and autoencoders that Forge and Neo read beside a model's name."""
    for model in FORGE_MODELS:
        folder = webui / DIFFUSERS / model
        update(folder / "text_encoder" / "config.json", LAYERS)
        update(folder / "text_encoder_2" / "config.json", T5 if "FLUX" in model else LAYERS)
        update(folder / "vae" / "config.json", VAE)


def patched(webui: Path) -> None:
    """reForge and Classic, whose models are those of `ldm_patched`."""
    source = (webui / PATCHED / "sd.py").read_text(encoding="utf-8")
    quote = "'" if "'ch_mult'" in source else '"'
    for edit in (*unets(f"{PATCHED}/supported_models.py"), *patched_autoencoder(quote)):
        edit.apply(webui)
    for name in ("sd1_clip_config.json", "clip_config_bigg.json"):
        update(webui / PATCHED / name, LAYERS)
    last = text_encoders.CLIP_LAYERS - 1
    for folder in CONFIGS:
        if (webui / folder / "sd_xl_base.yaml").is_file():
            file = f"{folder}/sd_xl_base.yaml"
            Edit(file, "FrozenCLIPEmbedder", "layer_idx: 11", f"layer_idx: {last}").apply(webui)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tells a WebUI of Forge's family the widths of the stand-ins.")
    parser.add_argument("webui", metavar="WEBUI", type=Path)
    webui = parser.parse_args().webui
    (forge if (webui / DIFFUSERS).is_dir() else patched)(webui)
    print(f"{webui} knows the stand-ins' widths.")


if __name__ == "__main__":
    main()
