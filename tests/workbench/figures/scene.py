"""One figure in one landscape, as numbers: everything that the drawing, the caption and the truth need."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from figures import palette

# (width, height) in pixels; the model never sees a larger picture
SIZES = ((128, 128), (160, 96), (96, 160))
HEADS_TALL = 5.3  # a figure's height in heads, crown to sole

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """Lengths and places are in pixels of the base size, from the upper left corner; colours are words of `palette`."""

    size: tuple[int, int]
    framing: str
    girl: bool
    hair: str
    clothes: str
    pose: str
    time: str
    place: str
    mouth: str
    head_width: float
    crown: tuple[float, float]  # middle of the head's upper edge
    horizon: float
    sun: tuple[float, float, float]  # x, y, radius
    props: tuple[tuple[float, float], ...]  # x and relative size of the trees, houses or mountains, small ones first

    @property
    def head(self) -> Box:
        """The head without hair: left, top, right, bottom."""
        x, y = self.crown
        unit = self.head_width
        return x - 0.5 * unit, y, x + 0.5 * unit, y + 1.05 * unit

    @property
    def eyes(self) -> tuple[tuple[float, float, float], ...]:
        """Both eyes: x, y, radius."""
        x, y = self.crown
        unit = self.head_width
        return tuple((x + side * 0.2 * unit, y + 0.58 * unit, 0.1 * unit) for side in (-1, 1))

    def caption(self, framed: bool = True) -> str:
        """What the picture shows, in the words of an image board; without the word for the framing if not `framed`."""
        words = [
            "1girl" if self.girl else "1boy",
            f"{self.hair} hair",
            f"{self.clothes} {'dress' if self.girl else 'shirt'}",
            self.pose,
        ]
        if framed:
            words.append(self.framing)
        return ", ".join([*words, "outdoors", self.place, self.time, self.mouth])


def make_scene(seed: int, size: tuple[int, int] | None = None, framing: str | None = None, **traits: object) -> Scene:
    """The scene that belongs to `seed`; `size`, `framing` and any other field of Scene can be given instead."""
    rng = random.Random(seed)
    size = size or rng.choices(SIZES, (0.6, 0.2, 0.2))[0]
    framing = framing or rng.choices(palette.FRAMINGS, (0.55, 0.25, 0.2))[0]
    if framing not in palette.FRAMINGS:
        raise ValueError(f"No framing is called {framing!r}: {', '.join(palette.FRAMINGS)} are known.")
    width, height = size
    head_width, crown = _place_figure(rng, size, framing)
    count = max(2, round(width / 128 * rng.choice((2, 3, 4))))
    props = [(width * (i + rng.uniform(0.1, 0.9)) / count, rng.uniform(0.75, 1.3)) for i in range(count)]
    scene = Scene(
        size=size,
        framing=framing,
        head_width=head_width,
        crown=crown,
        girl=rng.random() < 0.6,
        hair=rng.choice(list(palette.HAIR)),
        clothes=rng.choice(list(palette.CLOTHES)),
        pose=rng.choices(palette.POSES, (0.5, 0.25, 0.25))[0],
        time=rng.choices(list(palette.SKIES), (0.5, 0.25, 0.25))[0],
        place=rng.choice(palette.PLACES),
        mouth=rng.choice(palette.MOUTHS),
        horizon=height * rng.uniform(0.52, 0.66),
        sun=(width * rng.uniform(0.08, 0.92), height * rng.uniform(0.08, 0.25), height * rng.uniform(0.05, 0.075)),
        props=tuple(sorted(props, key=lambda prop: prop[1])),
    )
    return replace(scene, **traits)  # type: ignore[arg-type]


def _place_figure(rng: random.Random, size: tuple[int, int], framing: str) -> tuple[float, tuple[float, float]]:
    """Width of the head, and where its crown is."""
    width, height = size
    if framing == "full body":
        unit = height * rng.uniform(0.115, 0.142)
        feet = height * rng.uniform(0.90, 0.97)
        return unit, (width * (0.5 + rng.uniform(-0.2, 0.2)), feet - HEADS_TALL * unit)
    least, most, off_centre = (0.22, 0.32, 0.14) if framing == "upper body" else (0.42, 0.6, 0.08)
    unit = min(width, height) * rng.uniform(least, most)
    return unit, (width * (0.5 + rng.uniform(-off_centre, off_centre)), height * rng.uniform(0.13, 0.22))
