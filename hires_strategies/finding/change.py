"""What a change of the layout is: 0 as with hardly any noise, 1 as with the most. Needs no tensors."""

from __future__ import annotations

from dataclasses import dataclass

ACCEPTED = 0.03  # the change that is taken for none
LEAST_RANGE = 0.3  # of the correlation between both ends, lest a small range makes every change look large


@dataclass(frozen=True)
class Ends:
    """How much of the layout (correlation, the mean over the batch) is kept at the least noise and at the most."""

    least: float
    most: float

    def change(self, kept: float) -> float:
        """How far the layout has changed where so much of it is kept: 0 as at the least noise, 1 as at the most."""
        return min(1.0, max(0.0, (self.least - kept) / max(self.least - self.most, LEAST_RANGE)))
