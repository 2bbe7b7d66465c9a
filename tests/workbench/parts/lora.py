"""A LoRA: low-rank changes of the attention of UNet or text encoder, from a file (Hu et al. 2021, https://arxiv.org/abs/2106.09685).

The weights are changed in place and stay so until other networks are asked for, so what leaks into another job shows.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from modules import extra_networks, shared
from safetensors.torch import load_file, save_file

RANK = 4
_ENCODER = "text_encoder."  # before the names of its layers in a file


class LoraNetwork(extra_networks.ExtraNetwork):
    """`<lora:name:weight>` for the files of a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("lora")
        self.folder = folder
        self.changed: dict[Any, torch.Tensor] = {}  # parameter -> what it was

    def activate(self, p: Any, params_list: list[Any]) -> None:
        """Exactly these LoRAs; the hashes go into infotext, the second pass's besides the first's."""
        for parameter, original in self.changed.items():
            parameter.data.copy_(original)
        self.changed.clear()
        hashes = {}
        for params in params_list:
            name = params.positional[0]
            weight = float(params.positional[1]) if len(params.positional) > 1 else 1.0
            file = self.folder / f"{name}.safetensors"
            if not file.exists():
                print(f"Couldn't find network with name {name}")
                continue
            self._apply(load_file(file), weight)
            hashes[name] = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        if not getattr(p, "is_hr_pass", False) or not hasattr(p, "lora_hashes"):
            p.lora_hashes = {}
        p.lora_hashes.update(hashes)
        if p.lora_hashes:
            told = ", ".join(f"{name}: {short}" for name, short in p.lora_hashes.items())
            p.extra_generation_params["Lora hashes"] = told

    def deactivate(self, p: Any) -> None:
        """Nothing: the next job asks for its own, and so for none."""

    def _apply(self, file: dict[str, torch.Tensor], weight: float) -> None:
        model = shared.sd_model
        parameters = dict(model.unet.named_parameters())
        parameters |= {f"{_ENCODER}{name}": each for name, each in model.cond_stage_model.named_parameters()}
        for name in {key.rsplit(".", 1)[0] for key in file}:
            parameter = parameters[f"{name}.weight"]
            self.changed.setdefault(parameter, parameter.data.clone())
            parameter.data += weight * (file[f"{name}.up"] @ file[f"{name}.down"]).to(parameter)


def write_examples(folder: Path) -> None:
    """The LoRAs "tint" and "grain", for the UNet, and "accent", for the text encoder.

    Each is seeded noise in every attention's output, enough to change every picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unet, encoder = shared.sd_model.unet, shared.sd_model.cond_stage_model
    for seed, (name, model, prefix, ends) in enumerate(
        (
            ("tint", unet, "", (".to_q", ".to_v", ".to_out.0")),
            ("grain", unet, "", (".to_q", ".to_v", ".to_out.0")),
            ("accent", encoder, _ENCODER, (".q_proj", ".v_proj", ".out_proj")),
        ),
        start=1,
    ):
        if (folder / f"{name}.safetensors").exists():
            continue
        generator = torch.Generator().manual_seed(seed)
        layers = {path: module for path, module in model.named_modules() if path.endswith(ends)}
        file = {}
        for path, module in layers.items():
            rows, columns = module.weight.shape
            scale = float(module.weight.std()) / RANK**0.5
            file[f"{prefix}{path}.up"] = scale * torch.randn(rows, RANK, generator=generator)
            file[f"{prefix}{path}.down"] = torch.randn(RANK, columns, generator=generator)
        save_file(file, folder / f"{name}.safetensors")
