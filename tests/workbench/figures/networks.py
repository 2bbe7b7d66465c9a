"""The model's three networks, its noise schedule, and the folder that they are kept in."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from parts.tokens import END, START
from transformers import CLIPTextConfig, CLIPTextModel

from figures import tokens

WEIGHTS = tokens.VOCABULARY.parent.parent
SCALING = 0.18215  # latents are multiplied by this, as in Stable Diffusion 1
FACTOR = 8  # pixels along a side of one latent

AUTOENCODER = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "block_out_channels": (32, 32, 64, 64),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "sample_size": 128,
    "scaling_factor": SCALING,
}
UNET = {
    "sample_size": 16,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (64, 128),
    "layers_per_block": 1,
    # attention at 8x8 latents alone: at 16x16 too, a step takes half as long again on a CPU
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 64,
    "norm_num_groups": 8,
    "attention_head_dim": 4,  # the number of heads: diffusers kept the name for Stable Diffusion 1's sake
}


def alphas() -> torch.Tensor:
    """Stable Diffusion 1's schedule: the squared share of the picture in the noisy one, (1000,) float64, falling."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0)


@dataclass
class Model:
    """The three networks, ready to be used on one device."""

    vae: AutoencoderKL
    unet: UNet2DConditionModel
    text: CLIPTextModel

    def save(self, folder: Path) -> None:
        """Writes diffusers' layout in half precision and leaves the networks as they were."""
        for name, network in (("vae", self.vae), ("unet", self.unet), ("text_encoder", self.text)):
            flat = copy.deepcopy(network).to("cpu", torch.float16, memory_format=torch.contiguous_format)
            flat.save_pretrained(folder / name)

    @torch.no_grad()
    def condition(self, captions: list[str]) -> torch.Tensor:
        """What the UNet reads of the captions: (captions, 77, 64)."""
        return self.text(tokens.encode(captions).to(self.text.device)).last_hidden_state

    @torch.no_grad()
    def encode(self, pixels: np.ndarray) -> torch.Tensor:
        """Latents of pictures (count, height, width, 3) uint8: (count, 4, height / 8, width / 8), scaled."""
        picture = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).to(self.vae.device)
        return self.vae.encode(picture.float() / 127.5 - 1).latent_dist.mean * SCALING

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> np.ndarray:
        """Pictures (count, height, width, 3) uint8 of scaled latents, four at a time to spare memory."""
        parts = [self.vae.decode(part / SCALING).sample for part in latents.split(4)]
        pixels = (torch.cat(parts) + 1) * 127.5
        return pixels.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def new_model() -> Model:
    """Networks with random weights."""
    config = CLIPTextConfig(
        vocab_size=tokens.tokenizer().size,
        hidden_size=64,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=tokens.LENGTH,
        projection_dim=64,
        hidden_act="quick_gelu",
        bos_token_id=START,
        eos_token_id=END,
        pad_token_id=END,
    )
    return Model(AutoencoderKL(**AUTOENCODER), UNet2DConditionModel(**UNET), CLIPTextModel(config))


def load_model(folder: Path = WEIGHTS) -> Model:
    """The trained networks in single precision, on the CPU, for use."""
    # diffusers would recommend another package if it were not told to load plainly
    model = Model(
        AutoencoderKL.from_pretrained(folder / "vae", low_cpu_mem_usage=False),
        UNet2DConditionModel.from_pretrained(folder / "unet", low_cpu_mem_usage=False),
        CLIPTextModel.from_pretrained(folder / "text_encoder"),
    )
    for network in (model.vae, model.unet, model.text):
        network.float().eval().requires_grad_(False)
    return model
