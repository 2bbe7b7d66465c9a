"""How many examples the property tests try: a quarter of them by default, all with `python tests --thorough`."""

from __future__ import annotations

from hypothesis import settings

_QUICKER, _FEWEST = 4, 10
_thorough = False


def configure(thorough: bool) -> None:
    """Call this before any test is imported: decorators ask for their number then."""
    global _thorough
    _thorough = thorough
    # No deadline, for a busy machine says nothing about the code.
    settings.register_profile("tests", deadline=None, max_examples=examples(100))
    settings.load_profile("tests")


def examples(thorough: int) -> int:
    """The number for `max_examples`, of which `thorough` are all."""
    return thorough if _thorough else max(thorough // _QUICKER, min(thorough, _FEWEST))


def cases(few: int, many: int) -> int:
    """How many cases a test that draws its own takes: `many` with `--thorough`."""
    return many if _thorough else few
