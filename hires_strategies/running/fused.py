"""Where a picture wants repair: the places that the model would change most.

What is locally blurred is no sign of it: in a study on the workbench's model, maps of blur and of soft edges pointed at
skies and found broken faces no better than chance. One evaluation of the model at the noise that the stage starts with
does: the tenth of the picture that it moves most held every broken face, and it moved a broken face more than a whole
one in 0.69 of all pairs (0.60 to 0.78).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hires_strategies.where import MOST_CELLS, Painted

_SHARE = 0.1  # of the picture
_FIELD = 2  # latents to a cell's side, more in pictures that would have too many cells
Values = NDArray[np.floating[Any]]


def fused(moved: Values) -> Painted:
    """The cells of a stage's picture in which the model moves the latents (rows x columns) most, each with the eight
    around it, for what is broken is larger than a cell."""
    rows, columns = (max(1, min(MOST_CELLS, side // _FIELD)) for side in moved.shape)
    around = _sums_around(_by_cells(moved, columns, rows))
    most = np.sort(around, axis=None)[-max(1, round(_SHARE * around.size))]
    chosen = _sums_around((around >= most).astype(float)) > 0
    return Painted(columns, rows, tuple(bool(cell) for cell in chosen.ravel()))


def _by_cells(values: Values, columns: int, rows: int) -> Values:
    """The mean of each cell, rows x columns."""
    height, width = values.shape
    tops, lefts = (np.arange(count) * side // count for count, side in ((rows, height), (columns, width)))
    sums: Values = np.add.reduceat(np.add.reduceat(values, tops, axis=0), lefts, axis=1)
    heights, widths = np.diff([*tops, height]), np.diff([*lefts, width])
    means: Values = sums / (heights[:, None] * widths[None])
    return means


def _sums_around(cells: Values) -> Values:
    """Of each cell and its eight neighbours; beyond the edge lies what is at it."""
    rows, columns = cells.shape
    padded = np.pad(cells, 1, mode="edge")
    sums: Values = np.sum([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0)
    return sums
