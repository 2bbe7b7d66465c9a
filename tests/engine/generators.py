"""What hypothesis makes strategies of: odd names, odd prompts, every kind of size."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from hires_strategies.control_units import MAX_UNIT, MAX_WEIGHT, ControlUnits, Unit, Units, canonical
from hires_strategies.limits import MAX_SIGMA
from hires_strategies.stage_options import OPTIONS
from hires_strategies.strategy import DIRECT, LATENT_UPSCALERS, Stage, Strategy
from hires_strategies.value_kinds import MODELS_OWN, Kind, Name, Number, Text, TileSize
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.where import FUSED, Box, Painted, Where

# Lone surrogates are no text (they cannot be written as UTF-8), so no stage may hold one.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_real_names = st.sampled_from(
    [
        "None",
        "Lanczos",
        "R-ESRGAN 4x+",
        "DAT x4",
        "4x-UltraSharp",
        "ScuNET 2",
        "SwinIR 4x",
        "漫画 2",
        "a\\b",
        'say "x2"',
    ]
)
_notation_pieces = ["x2", "2", "x", "X", "×", "8x8", "@0.5", "[2 steps]", ">", "{a,b}", '"', "\\", "steps", "20", ";"]
_tricky_names = st.lists(st.sampled_from(_notation_pieces), min_size=1, max_size=4).map(" ".join)
_any_names = texts.map(str.strip).filter(lambda name: name and not set("\r\n") & set(name))
names = st.one_of(_real_names, _tricky_names, _any_names).filter(
    lambda name: name not in LATENT_UPSCALERS and name != DIRECT
)

scales = st.one_of(
    st.integers(1, 16),
    st.floats(0, 16, exclude_min=True),
    st.sampled_from([1.5, 2.0, 0.5, 1.3, 1e-7]),
)
denoising_strengths = st.one_of(
    st.floats(0, 1, exclude_min=True),
    st.sampled_from([1, 1.0, 0.95, 0.7, 0.1 + 0.2, 5e-324, "auto", "auto!", "auto-0.1", "auto+0.25"]),
)

start_sigmas = st.one_of(st.integers(1, MAX_SIGMA), st.floats(0, MAX_SIGMA, exclude_min=True))

_STRENGTHS = (("denoising_strength", denoising_strengths), ("start_sigma", start_sigmas))

_units_on = st.builds(
    Unit, st.integers(0, MAX_UNIT), st.just(True), st.none() | st.floats(0, MAX_WEIGHT), st.booleans()
)
_units_off = st.builds(Unit, st.integers(0, MAX_UNIT), st.just(False))
_control_units = (
    st.builds(Units, st.lists(_units_on | _units_off, max_size=3, unique_by=lambda unit: unit.number), st.booleans())
    .map(lambda units: units.text)
    .filter(bool)
    .map(canonical)
)


_boxes = st.builds(Box, *(st.integers(low, 9_999_999) for low in (0, 0, 1, 1)))
_painted = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: st.builds(
        Painted,
        st.just(size[0]),
        st.just(size[1]),
        st.lists(st.booleans(), min_size=size[0] * size[1], max_size=size[0] * size[1]).filter(any).map(tuple),
    )
)
places = st.just(FUSED) | (_boxes | _painted).map(lambda place: place.text)


def values_of(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that an option of this kind can have."""
    if isinstance(kind, Number):
        whole = st.integers(int(kind.low) + kind.above, int(kind.high))
        if isinstance(kind, TileSize):
            return whole | st.just(MODELS_OWN)
        return whole if kind.whole else st.one_of(whole, st.floats(kind.low, kind.high, exclude_min=kind.above))
    if isinstance(kind, Name):
        return names
    if isinstance(kind, ControlUnits):
        return _control_units
    if isinstance(kind, Where):
        return places
    return texts if isinstance(kind, Text) else st.just(True)


@st.composite
def stages(draw: st.DrawFn, upscalers: st.SearchStrategy[str] | None = None, first: bool = True) -> Stage:
    kinds = st.one_of(names, st.sampled_from([*LATENT_UPSCALERS, *([DIRECT] if first else [])]))
    upscaler = draw(upscalers or kinds)
    values: dict[str, object] = {"upscaler": upscaler}
    if draw(st.booleans()):
        values["scale"] = draw(scales)
    else:
        values["width"], values["height"] = draw(st.integers(1, 20000)), draw(st.integers(1, 20000))
    if upscaler in LATENT_UPSCALERS or (upscaler != DIRECT and draw(st.booleans())):
        field, strengths = draw(st.sampled_from(_STRENGTHS))
        values[field] = draw(strengths)
    if upscaler == DIRECT or {"denoising_strength", "start_sigma"} & set(values):
        fitting = [option for option in OPTIONS if not (option.needs_start and upscaler == DIRECT)]
        options = {option.field: values_of(option.kind) for option in fitting}
        chosen = draw(st.sets(st.sampled_from(sorted(options))))
        for option in fitting:
            stands = not option.part_of or chosen & set(option.part_of)
            if option.field in chosen and option.unlike not in chosen and stands:
                values[option.field] = draw(options[option.field])
    return Stage(**values)  # type: ignore[arg-type]


@st.composite
def strategies(draw: st.DrawFn) -> Strategy:
    first = draw(stages())
    rest = draw(st.lists(stages(first=False), max_size=3))
    return Strategy((first, *rest))


def names_of(*chains: Strategy) -> Vocabulary:
    """A host that offers exactly what the strategies use."""
    used = [stage for chain in chains for stage in chain.stages]
    return Vocabulary(
        (*LATENT_UPSCALERS, *(stage.upscaler for stage in used)),
        tuple(stage.sampler for stage in used if stage.sampler) or ("Euler",),
        tuple(stage.scheduler for stage in used if stage.scheduler) or ("Automatic",),
    )
