"""How much a picture changes across lines: those where tiles begin or end, and those between latents elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hires_strategies.planning.tiles import Tiles

RUN = 16  # pixels of a line that an eye takes together
FLARE = 0.01  # of white: the light that a screen reflects where it is black
LUMA = (0.299, 0.587, 0.114)  # Rec. 601, of values as they are stored
LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709, of light
# Below it nobody sees a step between two even areas. Poynton: people discern about 1 % of luminance, some say 2 %.
VISIBLE = 1.0  # percent

Measures = dict[str, list[float]]


def borders(tiles: Tiles, factor: int) -> list[int]:
    """Pixels at which a tile begins or ends along a side of a square picture, its own edges excepted."""
    length = tiles.whole[0]
    ends = {*tiles.lefts, *(left + tiles.width for left in tiles.lefts)} - {0, length}
    return [end * factor for end in sorted(ends)]


def between(side: int, borders: Sequence[int], factor: int) -> list[int]:
    """The other lines between latents, where the decoder draws as at the borders."""
    return [line for line in range(factor, side, factor) if line not in borders]


def across(picture: np.ndarray, lines: Sequence[int]) -> list[float]:
    """Means over all lines of a picture (side, side, 3) uint8, down and across, each before the pixel of its number:

    - absolute difference of the neighbouring pixels, in levels of 255;
    - absolute step of a run of the line, in levels of luma: by how much more it changes there than beside it, so that
      an even shade is no step;
    - the same of luminance, in percent of what there is (Weber contrast).
    """
    values = picture.astype(float)
    shares = values / 255
    light = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4) @ np.array(LUMINANCE)
    each = []
    for turned in (False, True):
        colours, luma, luminance = (
            np.swapaxes(a, 0, 1) if turned else a for a in (values, values @ np.array(LUMA), np.log(light + FLARE))
        )
        for line in lines:
            rough = float(np.abs(colours[line] - colours[line - 1]).mean())
            each.append((rough, _step(luma, line), 100 * _step(luminance, line)))
    return [round(float(mean), 3) for mean in np.mean(each, 0)]


def _step(values: np.ndarray, line: int) -> float:
    before, here, after = (values[at] - values[at - 1] for at in (line - 1, line, line + 1))
    excess = here - (before + after) / 2
    runs = excess[: len(excess) // RUN * RUN].reshape(-1, RUN).mean(1)
    return float(np.abs(runs).mean())


def measured(picture: np.ndarray, tiles: Tiles, factor: int) -> Measures:
    """Of a picture, or of its control: what `across` tells "at" the borders and "between" them."""
    at = borders(tiles, factor)
    return {"at": across(picture, at), "between": across(picture, between(len(picture), at, factor))}
