"""The UNet of SD 1 and SDXL in the layout of the original code: levels of equal width, one block on each."""

from __future__ import annotations

from dataclasses import dataclass

from tests.live.checkpoints.common import AFTER_SILU, Weights

WIDTH = 64
TIME = 4 * WIDTH
OUTPUT = 0.9  # the standard deviation of what it predicts


@dataclass(frozen=True)
class UNet:
    """A level has a transformer block where `attention` says so; `context` is the width of a token's encoding."""

    context: int
    attention: tuple[bool, ...]
    linear: bool = False  # SDXL projects into its transformer by a matrix, SD 1 by a 1x1 convolution
    vector: int = 0  # the width of the vector that SDXL adds to the time
    inputs: int = 4
    outputs: int = 4

    def add_to(self, weights: Weights) -> None:
        self._embeddings(weights)
        weights.convolution("input_blocks.0.0", self.inputs, WIDTH)
        number, last = 1, len(self.attention) - 1
        for level, attention in enumerate(self.attention):
            self._block(weights.under(f"input_blocks.{number}."), WIDTH, attention)
            number += 1
            if level < last:
                weights.convolution(f"input_blocks.{number}.0.op", WIDTH, WIDTH)
                number += 1
        self._block(weights.under("middle_block."), WIDTH, attention=True)
        _residual(weights.under("middle_block.2."), WIDTH)
        number = 0
        for level in reversed(range(len(self.attention))):
            for half in range(2):
                part = weights.under(f"output_blocks.{number}.")
                self._block(part, 2 * WIDTH, self.attention[level])
                if half and level:
                    part.convolution(f"{2 if self.attention[level] else 1}.conv", WIDTH, WIDTH)
                number += 1
        weights.norm("out.0", WIDTH)
        weights.convolution("out.2", WIDTH, self.outputs, gain=OUTPUT * AFTER_SILU)

    def _embeddings(self, weights: Weights) -> None:
        weights.linear("time_embed.0", WIDTH, TIME)
        weights.linear("time_embed.2", TIME, TIME)
        if self.vector:
            weights.linear("label_emb.0.0", self.vector, TIME)
            weights.linear("label_emb.0.2", TIME, TIME)

    def _block(self, weights: Weights, inputs: int, attention: bool) -> None:
        _residual(weights.under("0."), inputs)
        if attention:
            self._transformer(weights.under("1."))

    def _transformer(self, weights: Weights) -> None:
        weights.norm("norm", WIDTH)
        for name in ("proj_in", "proj_out"):
            if self.linear:
                weights.linear(name, WIDTH, WIDTH)
            else:
                weights.convolution(name, WIDTH, WIDTH, side=1)
        part = weights.under("transformer_blocks.0.")
        for number, source in ((1, WIDTH), (2, self.context)):
            part.linear(f"attn{number}.to_q", WIDTH, WIDTH, bias=False)
            part.linear(f"attn{number}.to_k", source, WIDTH, bias=False)
            part.linear(f"attn{number}.to_v", source, WIDTH, bias=False)
            part.linear(f"attn{number}.to_out.0", WIDTH, WIDTH, gain=2)
        for each in (1, 2, 3):
            part.norm(f"norm{each}", WIDTH)
        part.linear("ff.net.0.proj", WIDTH, 8 * WIDTH)
        part.linear("ff.net.2", 4 * WIDTH, WIDTH)


def _residual(weights: Weights, inputs: int) -> None:
    weights.norm("in_layers.0", inputs)
    weights.convolution("in_layers.2", inputs, WIDTH, gain=AFTER_SILU)
    weights.linear("emb_layers.1", TIME, WIDTH, gain=AFTER_SILU)
    weights.norm("out_layers.0", WIDTH)
    weights.convolution("out_layers.3", WIDTH, WIDTH, gain=AFTER_SILU * 0.5)
    if inputs != WIDTH:
        weights.convolution("skip_connection", inputs, WIDTH, side=1)
