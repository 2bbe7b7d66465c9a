"""What can be wrong with a strategy, in sentences."""

from __future__ import annotations


class StrategyError(ValueError):
    """A strategy that cannot be used. The message names the offending value and what would be valid.

    `line` and `column` count from 1 and point into the text the user wrote; both are None if there is no text.
    `field` is the name of the Stage field at fault, None if it is not a single one.
    """

    def __init__(
        self, message: str, line: int | None = None, column: int | None = None, *, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.field = field

    def __str__(self) -> str:
        if self.line is None or self.column is None:
            return self.message
        return f"Line {self.line}, column {self.column}: {self.message}"

    def at(self, line: int, column: int) -> StrategyError:
        """The same error with this place, unless it already has one."""
        if self.line is not None:
            return self
        return StrategyError(self.message, line, column, field=self.field)


class NoPicture(RuntimeError):
    """A generation that ends without a picture, after stages that failed or were stopped. The message says why."""


class StageFailed(RuntimeError):
    """A stage ran but gave nothing usable, for example because an upscaler returned its input unchanged."""
