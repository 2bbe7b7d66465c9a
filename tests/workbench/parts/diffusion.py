"""The workbench's latent diffusion model: the attributes and verbs that the WebUI uses of a loaded SD 1 checkpoint.

UNet and autoencoder are diffusers', the text encoder transformers'. The trained weights are loaded where they exist
(tests/workbench/weights), else seeded random ones of the same kind, which draw coloured blotches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from parts import emphasis, tokens
from parts.latent_shapes import TRAINED, Shape

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
VOCABULARY = WEIGHTS / "text_encoder" / "vocabulary.txt"
SCALE_FACTOR = 0.18215  # of Stable Diffusion 1's latents; sigma range and prediction type are SD 1's as well

RANDOM_UNET: dict[str, Any] = {
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (64, 128),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 64,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
RANDOM_VAE: dict[str, Any] = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (16, 32, 32, 32),
    "layers_per_block": 1,
    "latent_channels": 4,
    "norm_num_groups": 8,
}
RANDOM_TEXT: dict[str, Any] = {
    "vocab_size": 4096,
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "bos_token_id": tokens.START,
    "eos_token_id": tokens.END,
    "pad_token_id": tokens.END,
}


class DiffusionModel(torch.nn.Module):
    """A loaded checkpoint. `variation` other than 0 shifts the UNet's weights by seeded noise: another checkpoint."""

    is_sdxl = is_sdxl_inpaint = False
    parameterization = "eps"
    cond_stage_key = "txt"
    applied_token_merged_ratio = 0.0
    sd_checkpoint_info: Any = None
    sd_model_hash: str | None = None
    used_config = ""
    scale_factor = SCALE_FACTOR
    taken_apart = False  # while another checkpoint is read, and after that failed

    def __init__(self, variation: int, clip_skip: Callable[[], int], shape: Shape) -> None:
        super().__init__()
        self.clip_skip = clip_skip
        self.token_merging_hooks: list[Any] = []
        unet, vae, text = _trained() if WEIGHTS.is_dir() else _random()
        if variation:
            _vary(unet, variation)
        self.unet, self.first_stage_model, self.cond_stage_model = unet, vae, text
        self.shape = shape
        self.model = SimpleNamespace(conditioning_key="hybrid" if shape.is_inpainting else "crossattn")
        if shape.channels != TRAINED:
            self.latent_channels = shape.channels
        self.is_wan = shape.has_frames
        if shape.multiple > 1:
            self.fix_dimensions = lambda *size: tuple(side // shape.multiple * shape.multiple for side in size)
        vocabulary = VOCABULARY if VOCABULARY.exists() else None
        self.tokenizer = tokens.Tokenizer(text.config.vocab_size, vocabulary)
        self.register_buffer("alphas_cumprod", _alphas_cumprod())
        self.eval().requires_grad_(False)

    def apply_model(self, x: torch.Tensor, t: torch.Tensor, cond: dict[str, Any]) -> torch.Tensor:
        """Predicted noise of latents at timesteps t (0 to 999, fractions allowed)."""
        if self.taken_apart:
            raise RuntimeError("The model has been taken apart.")
        seen = self.shape.to_trained(x)
        if self.shape.is_inpainting:
            nine = torch.cat([seen, *cond["c_concat"]], 1)
            seen = nine[:, :4] + 0.1 * nine[:, 4:5] * nine[:, 5:]
        noise = self.unet(seen, t, torch.cat(cond["c_crossattn"], 1), return_dict=False)[0]
        return self.shape.predicted(noise, x, (1 - torch.as_tensor(self.alphas_cumprod)[t.round().long()]).sqrt())

    def encode_first_stage(self, images: torch.Tensor) -> Any:
        """The posterior of images B,3,H,W in [-1,1]; get_first_stage_encoding draws the latents from it."""
        return self.first_stage_model.encode(images).latent_dist

    def get_first_stage_encoding(self, posterior: Any) -> torch.Tensor:
        """Scaled latents. The noise comes from torch's global generator, as in the host's model code."""
        noise = torch.randn(posterior.mean.shape).to(posterior.mean)
        return self.shape.from_trained(self.scale_factor * (posterior.mean + posterior.std * noise))

    def decode_first_stage(self, latents: torch.Tensor) -> torch.Tensor:
        """Images B,3,H,W of about [-1,1] of scaled latents, B,T,3,H,W if those have frames."""
        scaled = self.shape.to_trained(latents) / self.scale_factor
        images = self.first_stage_model.decode(scaled, return_dict=False)[0]
        return images.unsqueeze(1) if self.shape.has_frames else images

    def get_learned_conditioning(self, texts: list[str]) -> torch.Tensor:
        """B,T,C of prompts with weights; T is 77 for each 75 words of the longest."""
        parsed = [[(self.tokenizer.words(part), weight) for part, weight in emphasis.parse(text)] for text in texts]
        ids = [[word for words, _ in parts for word in words] for parts in parsed]
        weights = [[weight for words, weight in parts for _ in words] for parts in parsed]
        count = max(len(tokens.chunks(row)) for row in ids)
        return torch.stack([self._encode(*row, count) for row in zip(ids, weights)])

    def _encode(self, ids: list[int], weights: list[float], count: int) -> torch.Tensor:
        """count * 77, C of one prompt's words. CLIP skip n leaves out the last n - 1 layers."""
        rows = tokens.chunks(ids)
        rows += [tokens.chunks([])[0]] * (count - len(rows))
        text_model = self.cond_stage_model.text_model
        layers = text_model(
            torch.tensor(rows, device=self.cond_stage_model.device), output_hidden_states=True
        ).hidden_states
        hidden = text_model.final_layer_norm(layers[-self.clip_skip()])
        factors = torch.ones(count, tokens.CHUNK + 2, device=hidden.device)
        for number, weight in enumerate(weights):
            factors[number // tokens.CHUNK, 1 + number % tokens.CHUNK] = weight
        weighted = hidden * factors[..., None]
        weighted *= hidden.mean() / weighted.mean()  # so that weights shift the attention, not the whole
        return weighted.flatten(0, 1)

    def ema_scope(self) -> Any:
        """The host samples with a model's moving average where it has one; this one has none."""
        return nullcontext()


def fingerprint() -> bytes:
    """Changes whenever the model's weights do."""
    files = sorted(WEIGHTS.rglob("*.safetensors")) or [Path(__file__)]
    return b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)


def _alphas_cumprod() -> torch.Tensor:
    """Stable Diffusion 1's noise schedule: 1,000 steps, betas linear in their square root."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1.0 - betas, 0).float()


def _trained() -> tuple[Any, Any, Any]:
    options: dict[str, Any] = {"torch_dtype": torch.float32, "local_files_only": True}
    return (
        UNet2DConditionModel.from_pretrained(WEIGHTS / "unet", low_cpu_mem_usage=False, **options),
        AutoencoderKL.from_pretrained(WEIGHTS / "vae", low_cpu_mem_usage=False, **options),
        CLIPTextModel.from_pretrained(WEIGHTS / "text_encoder", **options),
    )


def _random() -> tuple[Any, Any, Any]:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        unet = UNet2DConditionModel(**RANDOM_UNET)
        vae = AutoencoderKL(**RANDOM_VAE)
        text = CLIPTextModel(CLIPTextConfig(**RANDOM_TEXT))
        # Untrained text hardly differs from text to text; stretched, prompts matter as they do in a trained model.
        text.text_model.embeddings.token_embedding.weight.data *= 30
    return unet, vae, text


def _vary(unet: torch.nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for weight in unet.parameters():
        if weight.dim() > 1:
            weight.data += 0.05 * weight.data.std() * torch.randn(weight.shape, generator=generator)
