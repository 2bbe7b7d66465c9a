"""What the user asked for: a chain of stages, without sizes of a first pass and without a host."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from .errors import StrategyError
from .limits import MAX_CFG, MAX_SCALE, MAX_STAGES, MAX_STEPS

DIRECT = "Direct"

# The host's shared.latent_upscale_modes: name -> (torch interpolation mode, antialias).
LATENT_UPSCALERS: dict[str, tuple[str, bool]] = {
    "Latent": ("bilinear", False),
    "Latent (antialiased)": ("bilinear", True),
    "Latent (bicubic)": ("bicubic", False),
    "Latent (bicubic antialiased)": ("bicubic", True),
    "Latent (nearest)": ("nearest", False),
    "Latent (nearest-exact)": ("nearest-exact", False),
}


@dataclass(frozen=True)
class Stage:
    """One upscale, with or without sampling after it.

    Exactly one of `scale` (0 < scale <= 16) and the pair `width`, `height` (pixels, > 0) is given.
    `denoising_strength` is in (0, 1], or None for no sampling. The other fields are None where the first pass's
    value is to be used. Raises StrategyError, a sentence, for anything else.
    """

    upscaler: str
    scale: float | None = None
    width: int | None = None
    height: int | None = None
    denoising_strength: float | None = None
    steps: int | None = None
    sampler: str | None = None
    scheduler: str | None = None
    cfg: float | None = None
    prompt: str | None = None
    negative: str | None = None

    def __post_init__(self) -> None:
        _check_upscaler(self)
        _check_size(self)
        _check_sampling(self)
        _check_options(self)

    @property
    def is_direct(self) -> bool:
        return self.upscaler == DIRECT

    @property
    def is_latent(self) -> bool:
        return self.upscaler in LATENT_UPSCALERS

    @property
    def is_sampled(self) -> bool:
        return self.is_direct or self.denoising_strength is not None


OPTIONS = ("steps", "sampler", "scheduler", "cfg", "prompt", "negative")
assert set(OPTIONS) < {field.name for field in dataclasses.fields(Stage)}


@dataclass(frozen=True)
class Strategy:
    """A chain of 1 to 100 stages.

    `places` are the line and column of each stage in the text it was read from, for errors that are found later; they
    are no part of what makes two strategies equal.
    """

    stages: tuple[Stage, ...]
    places: tuple[tuple[int, int], ...] = dataclasses.field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.stages:
            raise StrategyError("A strategy needs at least one stage, for example 'Latent x2 @0.7'.")
        if len(self.stages) > MAX_STAGES:
            raise StrategyError(f"A strategy may have at most {MAX_STAGES} stages, found {len(self.stages)}.")
        for stage in self.stages[1:]:
            if stage.is_direct:
                raise StrategyError("'Direct' starts from noise, so it can only be the first stage.")

    @property
    def needs_first_pass(self) -> bool:
        return not self.stages[0].is_direct


def _check_upscaler(stage: Stage) -> None:
    name = stage.upscaler
    if not isinstance(name, str) or not name.strip():
        raise StrategyError(
            f"The upscaler is missing: expected a name such as 'Latent' or 'None', found {name!r}.", field="upscaler"
        )
    if name != name.strip() or set("\r\n") & set(name):
        raise StrategyError(
            f"An upscaler's name has no line break and no space around it, found {name!r}.", field="upscaler"
        )
    _check_characters("upscaler", name)


def _check_size(stage: Stage) -> None:
    sides = (stage.width, stage.height)
    if stage.scale is not None:
        if sides != (None, None):
            raise StrategyError("A stage has a scale or a width and a height, not both.", field="scale")
        if not _is_number(stage.scale) or not 0 < stage.scale <= MAX_SCALE:
            raise StrategyError(
                f"The scale has to be above 0 and at most {MAX_SCALE}, found {stage.scale!r}.", field="scale"
            )
        return
    if not all(_is_whole(side) and side > 0 for side in sides):  # type: ignore[operator]
        raise StrategyError(
            f"A stage needs a size, 'x2' or '1024x1536' for example, found {sides[0]!r}x{sides[1]!r}.", field="width"
        )


def _check_sampling(stage: Stage) -> None:
    denoising = stage.denoising_strength
    if denoising is None:
        if stage.is_latent:
            raise StrategyError(
                f"A latent upscale without sampling is a blur: '{stage.upscaler}' needs a denoising strength, "
                f"for example '@0.7'.",
                field="denoising_strength",
            )
        return
    if stage.is_direct:
        raise StrategyError(
            "'Direct' starts from noise alone, so it takes no denoising strength ('@').", field="denoising_strength"
        )
    if not _is_number(denoising) or not 0 < denoising <= 1:
        raise StrategyError(
            f"The denoising strength has to be above 0 and at most 1, found {denoising!r}.", field="denoising_strength"
        )


def _check_options(stage: Stage) -> None:
    given = [name for name in OPTIONS if getattr(stage, name) is not None]
    if given and not stage.is_sampled:
        raise StrategyError(
            f"'{given[0]}' is for sampling, and '{stage.upscaler}' does none here: add a denoising strength, "
            f"for example '@0.4', or leave '{given[0]}' out.",
            field=given[0],
        )
    if stage.steps is not None and not (_is_whole(stage.steps) and 1 <= stage.steps <= MAX_STEPS):
        raise StrategyError(
            f"Steps have to be a whole number from 1 to {MAX_STEPS}, found {stage.steps!r}.", field="steps"
        )
    if stage.cfg is not None and not (_is_number(stage.cfg) and 1 <= stage.cfg <= MAX_CFG):
        raise StrategyError(f"The CFG scale has to be from 1 to {MAX_CFG}, found {stage.cfg!r}.", field="cfg")
    for name in ("sampler", "scheduler", "prompt", "negative"):
        value = getattr(stage, name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise StrategyError(f"'{name}' has to be a text, found {value!r}.", field=name)
        _check_characters(name, value)
        if name in ("sampler", "scheduler") and (not value.strip() or value != value.strip()):
            raise StrategyError(f"'{name}' needs a name after it, found {value!r}.", field=name)


def _check_characters(field: str, text: str) -> None:
    """Half of a surrogate pair cannot be written as UTF-8: no file, no answer and no infotext could hold it."""
    half = next((character for character in text if "\ud800" <= character <= "\udfff"), None)
    if half:
        raise StrategyError(f"'{field}' holds {half!r}, which is no character but half of one.", field=field)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
