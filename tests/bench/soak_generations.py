"""The generations of a soak: random strategies, settings, interrupts and failures, the same for a seed and a number."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from hires_strategies.stage_options import OPTIONS, Option
from hires_strategies.strategy import DIRECT, LATENT_UPSCALERS
from hires_strategies.value_kinds import Flag, Name, Number, Text

LATENT = ("Latent", "Latent (nearest-exact)")
PROMPTS = (
    "1girl, red hair, blue dress, standing, full body, outdoors, trees, day, smile",
    "1boy, brown hair, green shirt, waving, upper body, outdoors, house, sunset, open mouth",
    "a (red:1.3) house [by a lake:in fog:0.5]",
)
# Faults of the extension in tests/live/faults, and what an error says of them (a regular expression).
FAULTS = {
    **dict.fromkeys(("interrupt", "skip", "stop"), "the user"),
    **dict.fromkeys(("model", "create_sampler", "encode", "decode", "upscale"), "out of memory"),
    "unchanged": "unchanged",
    **dict.fromkeys(("nan", "model nan"), "NaN|not a picture"),
}
WHOLE = {"hires_strategies_less_memory": False}  # what does not fit fails, and is not tried again with less
WORDS = ("1girl, smile", "1boy, night", "", "mountains, sunset")
# Small enough for a CPU; the rest of a row's range is the engine's tests' matter.
OTHER = {"tile": ("64", "auto"), "where": ("fused", "8 8 40 40")}
RANGES = {"steps": (1, 3), "cfg": (1, 9), "overlap": (0, 32)}


@dataclass(frozen=True)
class Names:
    """What the WebUI has; of upscalers and checkpoints, those that a soak can afford."""

    pixel: tuple[str, ...]
    samplers: tuple[str, ...]
    schedulers: tuple[str, ...]
    checkpoints: tuple[str, ...]
    lacking: frozenset[str] = frozenset()  # fields of options that it does not have

    def of(self, option: Option) -> tuple[str, ...]:
        named = {"sampler": self.samplers, "scheduler": self.schedulers, "checkpoint": self.checkpoints}
        if option.field == "refiner":  # an inpainting model cannot take over from one that is none, on any host
            return (*(name for name in self.checkpoints if "inpaint" not in name), "off")
        return named.get(option.field, ())


@dataclass(frozen=True)
class Generation:
    """`argument` is the section's, None where it is left alone; `fault` that of the extension in tests/live/faults."""

    number: int
    argument: dict[str, Any] | None
    fault: dict[str, Any] | None
    fields: dict[str, Any]

    @property
    def exact(self) -> bool:
        """Whether a picture's text alone gives the same bits: a batch's kernels round otherwise, and so do an
        autoencoder's tiles, which a machine needs once something did not fit."""
        return self.fields["batch_size"] == 1 and self.fields["override_settings"] == WHOLE

    def explains(self, error: str) -> bool:
        """Whether the injected fault is what an error speaks of."""
        return self.fault is not None and bool(re.search(FAULTS[self.fault["where"]], error, re.IGNORECASE))

    def body(self) -> dict[str, Any]:
        scripts: dict[str, Any] = {}
        if self.argument is not None:
            scripts["Hires strategies"] = {"args": [self.argument]}
        if self.fault is not None:
            scripts["Test faults"] = {"args": [self.fault]}
        return {**self.fields, "alwayson_scripts": scripts}


def generation(seed: int, number: int, names: Names) -> Generation:
    """The generation of that number; few first passes, so that many are remembered ones."""
    chance = random.Random(f"{seed}/{number}")
    width, height = chance.choice(((64, 64), (64, 64), (72, 64), (64, 88)))
    fields: dict[str, Any] = {
        "prompt": chance.choice(PROMPTS),
        "negative_prompt": chance.choice(("", "blurry")),
        "seed": chance.choice((1, 2, 3)),
        "steps": chance.choice((2, 2, 3)),
        "width": width,
        "height": height,
        "cfg_scale": 4,
        "sampler_name": chance.choice(("Euler", "Euler", "Euler a", "DPM++ 2M")),
        "scheduler": "Automatic",
        "batch_size": chance.choice((1,) * 8 + (2, 3)),
        "n_iter": chance.choice((1,) * 7 + (2,)),
    }
    fields["override_settings"] = WHOLE if chance.random() < 0.6 else {}
    fault = None
    if chance.random() < 0.35:
        fault = {"where": chance.choice(sorted(FAULTS)), "call": chance.randint(1, 12)}
        if chance.random() < 0.5:
            fault["times"] = 1
    return Generation(number, _argument(chance, names) if chance.random() < 0.95 else None, fault, fields)


def _argument(chance: random.Random, names: Names) -> dict[str, Any]:
    lines = [_line(chance, names) for _ in range(chance.choice((1, 1, 1, 2)))]
    told: dict[str, Any] = {"strategies": lines}
    for key, share in (("stages", 0.3), ("first_pass", 0.3), ("sheet", 0.15)):
        if chance.random() < share:
            told[key] = True
    if chance.random() < 0.2:
        told["reuse_first_pass"] = False
    return told


def _line(chance: random.Random, names: Names) -> str:
    """A strategy in the notation: one to three stages, enlarged to twice the size at most."""
    left, stages = 2.0, []
    for place in range(chance.choice((1, 1, 2, 2, 3))):
        scale = chance.choice([each for each in (1, 1.25, 1.25, 1.5, 2) if each <= left])
        left /= scale
        stages.append(_stage(chance, names, scale, place == 0))
    return " > ".join(stages)


def _stage(chance: random.Random, names: Names, scale: float, first: bool) -> str:
    upscaler = chance.choice((*LATENT, *LATENT, *names.pixel, *names.pixel, *([DIRECT] if first else [])))
    strength = "" if upscaler == DIRECT else chance.choice(("0.3", "0.5", "0.8", "{0.4,0.7}", "auto", "sigma 0.9", "0"))
    if (not strength and upscaler != DIRECT) or (strength == "0" and upscaler in LATENT_UPSCALERS):
        strength = "0.6"
    text = f"{upscaler} x{scale:g}" + (f" @{strength}" if strength else "")
    sampled = upscaler == DIRECT or strength != "0"
    options = "; ".join(_options(chance, names, upscaler == DIRECT, sampled))
    return f"{text} [{options}]" if options else text


def _options(chance: random.Random, names: Names, direct: bool, sampled: bool) -> list[str]:
    fitting = [
        option
        for option in OPTIONS
        if option.field not in names.lacking
        and not (option.needs_start and direct)
        and (sampled or not option.needs_sampling)
    ]
    rows = {option.field: option for option in fitting}
    wanted = chance.sample(sorted(rows), min(len(rows), chance.choice((0, 1, 1, 2, 3))))
    wanted += {rows[name].part_of[0] for name in wanted if rows[name].part_of and not {*rows[name].part_of} & {*wanted}}
    if "refiner" in wanted and "refiner_at" in rows and "refiner_at" not in wanted:
        wanted.append("refiner_at")
    kept = [rows[name] for name in wanted if rows[name].unlike not in wanted]
    return [option.written(_value(chance, option, names)) for option in kept]


def _value(chance: random.Random, option: Option, names: Names) -> str:
    kind = option.kind
    if isinstance(kind, Flag):
        return ""
    if isinstance(kind, Text):
        return f'"{chance.choice(WORDS)}"'
    if isinstance(kind, Name):
        return chance.choice(names.of(option) or (option.example,))
    if isinstance(kind, Number) and option.field != "tile":
        low, high = RANGES.get(option.field, (max(kind.low, 0.1), min(kind.high, 9)))
        return str(chance.randint(int(low), int(high))) if kind.whole else f"{chance.uniform(low, high):.2f}"
    return chance.choice(OTHER.get(option.field, (option.example,)))
