"""Why something has no key."""

from __future__ import annotations


class NoKey(ValueError):
    """A value without a digest, in a sentence: an object comparable only by identity, a model, endless nesting."""


class Unkeyable(Exception):
    """The same while a value is being walked: `clause` follows the name of what it is about, `path` leads there.
    `whole`: it is about the value itself, wherever it was found."""

    def __init__(self, clause: str, whole: bool = False) -> None:
        super().__init__(clause)
        self.clause = clause
        self.whole = whole
        self.path: tuple[str, ...] = ()

    def within(self, name: str) -> None:
        """It was found in the part of that name."""
        self.path = () if self.whole else (name, *self.path)

    def sentence(self, name: str) -> str:
        """`name` is what the whole is called."""
        place = f"'{'.'.join(self.path)}' of {name}" if self.path else name
        return f"{place[0].upper()}{place[1:]} {self.clause}."
