"""Text encoders: CLIP in transformers' and in open_clip's layout, and T5."""

from __future__ import annotations

import torch

from tests.live.checkpoints.common import POSITIONS, WORDS, Weights

CLIP_LAYERS = 3  # enough for a clip skip
T5_WIDTH = 64
T5_LAYERS = 2  # Forge Neo takes no text encoder of 16 tensors or fewer
T5_WORDS = 32128


def clip(weights: Weights, width: int) -> None:
    """transformers' CLIPTextModel, as in SD 1 and as the first of SDXL's two."""
    weights.normal("embeddings.token_embedding.weight", (WORDS, width), 0.5)
    weights.normal("embeddings.position_embedding.weight", (POSITIONS, width), 0.1)
    for layer in range(CLIP_LAYERS):
        part = weights.under(f"encoder.layers.{layer}.")
        for each in ("q_proj", "k_proj", "v_proj", "out_proj"):
            part.linear(f"self_attn.{each}", width, width)
        part.norm("layer_norm1", width)
        part.norm("layer_norm2", width)
        part.linear("mlp.fc1", width, 4 * width)
        part.linear("mlp.fc2", 4 * width, width)
    _last_norm(weights, "final_layer_norm", width)


def open_clip(weights: Weights, width: int) -> None:
    """open_clip's text tower, as the second of SDXL's two."""
    weights.normal("token_embedding.weight", (WORDS, width), 0.5)
    weights.normal("positional_embedding", (POSITIONS, width), 0.1)
    weights.normal("text_projection", (width, width), width**-0.5)
    weights.set("logit_scale", torch.tensor(4.6))
    for layer in range(CLIP_LAYERS):
        part = weights.under(f"transformer.resblocks.{layer}.")
        part.normal("attn.in_proj_weight", (3 * width, width), width**-0.5)
        part.set("attn.in_proj_bias", torch.zeros(3 * width))
        part.linear("attn.out_proj", width, width)
        part.norm("ln_1", width)
        part.norm("ln_2", width)
        part.linear("mlp.c_fc", width, 4 * width)
        part.linear("mlp.c_proj", 4 * width, width)
    _last_norm(weights, "ln_final", width)


def _last_norm(weights: Weights, name: str, width: int) -> None:
    """A mean that is not 0: the hosts divide by it after they have weighted the words."""
    weights.norm(name, width)
    weights.set(f"{name}.bias", torch.full((width,), 0.1))


def t5(weights: Weights) -> None:
    """T5's encoder in version 1.1, as Flux has it: gated, with relative positions in its first layer; one head."""
    weights.normal("shared.weight", (T5_WORDS, T5_WIDTH), 1)
    for layer in range(T5_LAYERS):
        part = weights.under(f"encoder.block.{layer}.layer.")
        for each in ("q", "k", "v", "o"):
            part.linear(f"0.SelfAttention.{each}", T5_WIDTH, T5_WIDTH, gain=0.3, bias=False)
        if layer == 0:
            part.normal("0.SelfAttention.relative_attention_bias.weight", (32, 1), 1)
        part.norm("0.layer_norm", T5_WIDTH, bias=False)
        part.norm("1.layer_norm", T5_WIDTH, bias=False)
        for each in ("wi_0", "wi_1", "wo"):
            part.linear(f"1.DenseReluDense.{each}", T5_WIDTH, T5_WIDTH, bias=False)
    weights.norm("encoder.final_layer_norm", T5_WIDTH, bias=False)
