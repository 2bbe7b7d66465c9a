"""The checkpoints of the workbench, one row each: what differs from its own model. Chosen by name, as files are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A checkpoint. `perturbed`: a seed that shifts the UNet's weights a little, 0 for those that were trained.

    `flow_shift`: the shift of a flow-matching model's schedule (parts.flow); None for one that predicts noise.
    """

    name: str
    perturbed: int = 0
    flow_shift: float | None = None


VARIANTS = (
    Variant("figures"),
    Variant("figures-shifted", perturbed=1),
    Variant("figures-flow", flow_shift=3.0),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}
