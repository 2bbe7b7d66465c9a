"""The checkpoints of the workbench, one row each: what differs from its own model. Chosen by name, as files are."""

from __future__ import annotations

from dataclasses import dataclass, field

from parts.latent_shapes import Shape


@dataclass(frozen=True)
class Variant:
    """A checkpoint. `perturbed`: a seed that shifts the UNet's weights a little, 0 for those that were trained.

    `flow_shift`: the shift of a flow-matching model's schedule (parts.flow); None for one that predicts noise.
    `shape`: that of its latents, `scale_factor` what they are multiplied by. `config`: the file that a model is created
    from, if not one of its own.
    """

    name: str
    perturbed: int = 0
    flow_shift: float | None = None
    shape: Shape = field(default_factory=Shape)
    scale_factor: float = 0.18215
    config: str = ""

    @property
    def configuration(self) -> str:
        """Checkpoints of one configuration are loaded into the same model."""
        return self.config or f"{self.name}.yaml"


VARIANTS = (
    Variant("figures"),
    Variant("figures-shifted", perturbed=1, config="figures.yaml"),
    Variant("figures-refiner", perturbed=2),
    Variant("figures-scaled", perturbed=3, scale_factor=0.13025),  # as SDXL beside SD 1
    Variant("figures-flow", flow_shift=3.0),
    Variant("figures-16-channels", shape=Shape(channels=16)),  # as Flux, Chroma, Z-Image, Lumina
    Variant("figures-frames", shape=Shape(channels=16, has_frames=True)),  # as Qwen-Image, Wan, Krea 2, Anima
    Variant("figures-factor-16", shape=Shape(channels=16, factor=16)),  # as Flux 2
    Variant("figures-multiples", flow_shift=3.0, shape=Shape(channels=16, multiple=16)),  # as SD 3 on A1111
    Variant("figures-inpaint", shape=Shape(is_inpainting=True)),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}
