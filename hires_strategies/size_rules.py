"""How a WebUI and the model that is loaded round sizes: what a plan needs to know of them besides names and limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

Size = tuple[int, int]  # width and height in pixels


@dataclass(frozen=True)
class SizeRules:
    """The rules of one WebUI with one model.

    `factor`: the picture's pixels per latent pixel, the host's opt_f (8; Flux 2: 16). `multiple`: the model's own
    demand on the sides of what it samples, above whole latents (SD 3 on A1111: 16). `step`: Hires. fix goes to the
    nearest multiple of it, by stretching the picture (Forge Neo 2.26: 64); None where it rounds down and crops.
    """

    factor: int = 8
    multiple: int = 1
    step: int | None = None

    @property
    def smallest(self) -> int:
        """The shortest side that can be sampled."""
        return max(self.factor, self.multiple)

    def whole(self, size: Size) -> Size:
        """A size as it comes out of latents: rounded down to whole ones."""
        return _down(size, self.factor)

    def requested(self, size: Size) -> Size:
        """The size that txt2img makes of a requested one before anything runs, and that scales apply to."""
        return _down(size, self.multiple)

    def is_fit(self, size: Size) -> bool:
        """Whether the model can sample a size that is whole latents."""
        return size == self.requested(size)

    def upscaled(self, size: Size) -> Size:
        """What Hires. fix makes of the size that it is to go to."""
        if self.step is None:
            return size
        step = self.step
        width, height = (math.floor(side / step + 0.5) * step for side in size)
        return width, height


ORDINARY = SizeRules()


def _down(size: Size, multiple: int) -> Size:
    return size[0] // multiple * multiple, size[1] // multiple * multiple
