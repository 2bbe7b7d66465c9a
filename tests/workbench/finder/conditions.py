"""What the study of the search measures: which seeds, on what, at which strengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NEW = range(1000, 1120)  # seeds that were not used to choose anything; those below 40 were
FEW = range(1000, 1024)
RANGES = (0.05, 0.15, 0.3, 0.5, 0.8)  # for search.LEAST_RANGE, where the layout hardly changes at all


@dataclass(frozen=True)
class Condition:
    """A model and a stage. `strengths` are the fixed ones beside the found one, by what is enlarged.

    `drawn`: so many of the seeds are drawn as well. `several_sizes`: the fine-tuned model's weights, given on the
    command line. `autoencoder`: how far its weights are moved, in their own deviation. `half`: first passes are shrunk
    to half their size, so that the stage draws the size that the model was trained on. `other_noise` is added to the
    seeds of the stage's noise. `ranges`: other values of search.LEAST_RANGE to look with. `looks_of`: the condition
    whose found noise is used, instead of looking.
    """

    name: str
    title: str
    strengths: Mapping[str, tuple[float, ...]]
    seeds: range = FEW
    drawn: int = 24
    scale: float = 2.0
    cfg: float = 4.0
    scheduler: str = "Automatic"
    several_sizes: bool = False
    autoencoder: float = 0.0
    ranges: tuple[float, ...] = ()
    looks_of: str = ""
    half: bool = False
    other_noise: int = 0


MAIN = Condition("x2", "x2, CFG 4", {"latent": (0.3,), "pixel": (0.3,)}, NEW, drawn=60)
PLAIN: dict[str, tuple[float, ...]] = {"pixel": (0.3,)}
HARDER = (
    Condition(
        "sizes",
        "trained on whole pictures up to 256",
        {"pixel": (0.3, 0.5, 0.7, 0.9)},
        several_sizes=True,
    ),
    Condition("cfg1.5", "CFG 1.5", PLAIN, cfg=1.5),
    Condition("cfg9", "CFG 9", PLAIN, cfg=9.0),
    Condition("autoencoder", "another autoencoder", PLAIN, autoencoder=0.05),
)
TRAINED_SIZE = Condition(
    "trained size",
    "64 to 128 pixels, the trained size",
    dict.fromkeys(("latent", "pixel"), (0.3, 0.7, 0.9)),
    half=True,
    other_noise=100_000,
)
SAME_SIZE = Condition("x1", "x1, CFG 4", dict.fromkeys(("latent", "pixel"), (0.1, 0.9)), scale=1.0, ranges=RANGES)
SCHEDULERS = tuple(
    Condition(name, name, PLAIN, scheduler=name, looks_of=MAIN.name) for name in ("Exponential", "Beta", "SGM Uniform")
)
ALL = (MAIN, SAME_SIZE, TRAINED_SIZE, *HARDER, *SCHEDULERS)
