"""The autoencoder of SD 1, SDXL and Flux (AutoencoderKL), 32 wide on each of four levels."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tests.live.checkpoints.common import AFTER_SILU, Weights

WIDTH = 32
LEVELS = 4
BLOCKS = 1
LOG_VARIANCE = -8.0  # of the posterior: encoding is almost without noise
PICTURE = 0.45  # the standard deviation of a picture, whose values are -1 to 1


@dataclass(frozen=True)
class Autoencoder:
    """Latents have `channels` channels, and `scale` times them has a variance of 1."""

    channels: int
    scale: float
    quantised: bool = True  # 1x1 convolutions on both sides of the latent, which Flux does not have

    def add_to(self, weights: Weights) -> None:
        self._encoder(weights.under("encoder."))
        self._decoder(weights.under("decoder."))
        if self.quantised:
            mean_and_variance = torch.eye(2 * self.channels)[:, :, None, None]
            weights.set("quant_conv.weight", mean_and_variance)
            weights.set("quant_conv.bias", torch.zeros(2 * self.channels))
            weights.set("post_quant_conv.weight", torch.eye(self.channels)[:, :, None, None])
            weights.set("post_quant_conv.bias", torch.zeros(self.channels))

    def _encoder(self, weights: Weights) -> None:
        weights.convolution("conv_in", 3, WIDTH)
        for level in range(LEVELS):
            for block in range(BLOCKS):
                _residual(weights.under(f"down.{level}.block.{block}."))
            if level < LEVELS - 1:
                weights.convolution(f"down.{level}.downsample.conv", WIDTH, WIDTH)
        _middle(weights)
        weights.norm("norm_out", WIDTH)
        weights.convolution("conv_out", WIDTH, 2 * self.channels, gain=AFTER_SILU / self.scale)
        last = weights.tensors[f"{weights.prefix}conv_out.weight"]
        last[self.channels :] = 0
        weights.tensors[f"{weights.prefix}conv_out.bias"][self.channels :] = LOG_VARIANCE

    def _decoder(self, weights: Weights) -> None:
        weights.convolution("conv_in", self.channels, WIDTH, gain=self.scale)
        _middle(weights)
        for level in reversed(range(LEVELS)):
            for block in range(BLOCKS + 1):
                _residual(weights.under(f"up.{level}.block.{block}."))
            if level:
                weights.convolution(f"up.{level}.upsample.conv", WIDTH, WIDTH)
        weights.norm("norm_out", WIDTH)
        weights.convolution("conv_out", WIDTH, 3, gain=PICTURE * AFTER_SILU)


def _middle(weights: Weights) -> None:
    _residual(weights.under("mid.block_1."))
    weights.norm("mid.attn_1.norm", WIDTH)
    for each in ("q", "k", "v", "proj_out"):
        weights.convolution(f"mid.attn_1.{each}", WIDTH, WIDTH, side=1, gain=0.5)
    _residual(weights.under("mid.block_2."))


def _residual(weights: Weights) -> None:
    for each in (1, 2):
        weights.norm(f"norm{each}", WIDTH)
        weights.convolution(f"conv{each}", WIDTH, WIDTH, gain=AFTER_SILU * (1 if each == 1 else 0.5))
