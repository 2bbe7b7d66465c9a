"""The words that captions are made of and the colours (red, green, blue, 0 to 255) that they stand for."""

from __future__ import annotations

Colour = tuple[float, float, float]

HAIR: dict[str, Colour] = {
    "black": (45, 40, 55),
    "blonde": (245, 205, 85),
    "red": (200, 50, 35),
    "brown": (125, 75, 40),
    "blue": (70, 110, 225),
}
CLOTHES: dict[str, Colour] = {
    "red": (215, 40, 60),
    "blue": (50, 80, 215),
    "green": (40, 160, 70),
    "white": (240, 240, 245),
    "purple": (150, 60, 180),
    "yellow": (250, 210, 40),
}
SKIN: Colour = (255, 214, 182)
OUTLINE: Colour = (35, 25, 40)

# top of the sky, its bottom, the ground far away, the ground at the feet
SKIES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "day": ((90, 170, 245), (200, 230, 255), (140, 210, 110), (90, 180, 80)),
    "sunset": ((120, 70, 150), (255, 160, 80), (160, 140, 80), (110, 110, 60)),
    "night": ((15, 20, 60), (50, 60, 120), (40, 80, 75), (25, 60, 55)),
}
LIGHT = {"day": 1.0, "sunset": 0.85, "night": 0.55}

FRAMINGS = ("full body", "upper body", "portrait")
POSES = ("standing", "arms up", "waving")
PLACES = ("trees", "house", "mountains")
MOUTHS = ("smile", "open mouth")


def shade(colour: Colour, factor: float) -> Colour:
    """`colour` made darker (factor below 1) or lighter (above), kept within 0 to 255."""
    red, green, blue = (min(255.0, max(0.0, value * factor)) for value in colour)
    return red, green, blue
