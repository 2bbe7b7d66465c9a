"""What the user asked for: a chain of stages, independent of a first pass's size and of a host."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from .auto import Auto, read_auto
from .errors import StrategyError
from .limits import MAX_STAGES
from .stage_options import BY_FIELD, OPTIONS, PARTS, Option, Options, Part
from .value_kinds import normal
from .wording import short

DIRECT = "Direct"
_STRENGTHS = (BY_FIELD["denoising_strength"], BY_FIELD["start_sigma"])

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
class Stage(Options):
    """One upscale, with or without sampling after it.

    Exactly one of `scale` (0 < scale <= 16) and the pair `width`, `height` (pixels, > 0) is given.
    `denoising_strength` is in [0, 1], or the text of an Auto; None and 0 mean no sampling. `start_sigma`, above 0, is
    another way to say how much noise (planning.start). The options are None where the first pass's value is to be used.
    Raises StrategyError, a sentence, for anything else.
    """

    upscaler: str
    scale: float | None = None
    width: int | None = None
    height: int | None = None
    denoising_strength: float | str | None = None
    start_sigma: float | None = None

    def __post_init__(self) -> None:
        for part in (_STRENGTHS[0], *OPTIONS):
            object.__setattr__(self, part.field, normal(part.kind, getattr(self, part.field)))
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
    def auto(self) -> Auto | None:
        """How its denoising strength is to be found; None if it is given, or none."""
        return read_auto(self.denoising_strength) if isinstance(self.denoising_strength, str) else None

    @property
    def is_sampled(self) -> bool:
        return self.is_direct or bool(self.denoising_strength) or self.start_sigma is not None

    @property
    def may_sample(self) -> bool:
        """Whether it has what sampling needs. A strength of 0 counts: a sweep's other strengths need its options."""
        return self.is_sampled or self.denoising_strength is not None


assert {part.field for part in PARTS} == {field.name for field in dataclasses.fields(Stage)}


@dataclass(frozen=True)
class Strategy:
    """A chain of 1 to 100 stages.

    `places` are the line and column of each stage in the text it was read from, for errors found later; they do not
    count when strategies are compared.
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
    if not BY_FIELD["upscaler"].kind.accepts(name):
        raise StrategyError(
            f"An upscaler's name has no line break and no space around it, found {name!r}.", field="upscaler"
        )
    _check_characters("upscaler", name)


def _check_size(stage: Stage) -> None:
    sides = (stage.width, stage.height)
    if stage.scale is not None:
        if sides != (None, None):
            raise StrategyError("A stage has a scale or a width and a height, not both.", field="scale")
        _check_value(stage, BY_FIELD["scale"])
        return
    if None in sides:
        raise StrategyError(
            f"A stage needs a size, 'x2' or '1024x1536' for example, found {sides[0]!r}x{sides[1]!r}.", field="width"
        )
    _check_value(stage, BY_FIELD["width"])
    _check_value(stage, BY_FIELD["height"])


def _check_sampling(stage: Stage) -> None:
    if not stage.is_direct and not stage.may_sample:
        if stage.is_latent:
            raise StrategyError(
                f"A latent upscale without sampling is a blur: '{stage.upscaler}' needs a denoising strength, "
                f"for example '@0.7'.",
                field="denoising_strength",
            )
        return
    given = [part for part in _STRENGTHS if getattr(stage, part.field) is not None]
    if stage.is_direct and given:
        raise StrategyError(
            f"'Direct' starts from noise alone, so it takes no {given[0].name} ('@').", field=given[0].field
        )
    if len(given) > 1:
        raise StrategyError(
            "A denoising strength and a start sigma both say how much noise: leave one of them out.",
            field="start_sigma",
        )
    for part in given:
        _check_value(stage, part)


def _check_options(stage: Stage) -> None:
    for option in OPTIONS:
        value = getattr(stage, option.field)
        if value is None:
            continue
        if option.needs_sampling and not stage.may_sample:
            raise StrategyError(
                f"'{option.word}' is for sampling, and '{stage.upscaler}' does none here: add a denoising strength, "
                f"for example '@0.4', or leave '{option.word}' out.",
                field=option.field,
            )
        if option.needs_start and stage.is_direct:
            raise StrategyError(
                f"'{option.word}' keeps to what a stage starts from, and 'Direct' starts from noise alone: leave it "
                f"out.",
                field=option.field,
            )
        _check_value(stage, option)
        _check_pair(stage, option)


def _check_pair(stage: Stage, option: Option) -> None:
    if option.part_of and all(getattr(stage, whole) is None for whole in option.part_of):
        words = [f"'{each.word}'" for each in OPTIONS if each.field in option.part_of]
        raise StrategyError(
            f"'{option.word}' belongs to {' or '.join(words)}, which this stage does not have: add {words[-1]}, or "
            f"leave '{option.word}' out.",
            field=option.field,
        )
    if option.unlike and getattr(stage, option.unlike) is not None:
        other = BY_FIELD[option.unlike]
        assert isinstance(other, Option)
        raise StrategyError(
            f"'{option.word}' changes the first pass's {other.name} for this stage, and '{other.word}' takes its "
            f"place: leave one of them out.",
            field=option.field,
        )


def _check_value(stage: Stage, part: Part) -> None:
    value = getattr(stage, part.field)
    if not part.kind.accepts(value):
        raise StrategyError(f"The {part.noun} has to be {part.kind.allowed}, found {short(value)}.", field=part.field)
    if isinstance(value, str):
        _check_characters(part.field, value)


def _check_characters(field: str, text: str) -> None:
    """A lone surrogate cannot be encoded as UTF-8: no file, answer or infotext could hold it."""
    half = next((character for character in text if "\ud800" <= character <= "\udfff"), None)
    if half:
        name = BY_FIELD[field].name
        raise StrategyError(f"The {name} holds {half!r}, which is no character but half of one.", field=field)
