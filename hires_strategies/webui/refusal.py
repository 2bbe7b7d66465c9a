"""How a generation is stopped with a sentence: the host swallows what a hook raises, and goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import HTTPException
from modules import errors

from hires_strategies.errors import NoPicture, StrategyError
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processing

# A1111's API reads status and detail of any exception's instance. Forge's and Neo's answers other exceptions than an
# HTTPException at the very edge of the app, from where they go on: its server closes the connection after that answer,
# which a program's next request may just have used. So what ends a generation is one here.


class Refused(StrategyError, HTTPException):
    """A StrategyError as an answer of the host's API: HTTP 422 with the sentence as its `detail`."""

    def __init__(
        self, message: str, line: int | None = None, column: int | None = None, *, field: str | None = None
    ) -> None:
        StrategyError.__init__(self, message, line, column, field=field)
        self.status_code = 422
        self.detail = str(self)
        self.headers = None


class Failed(NoPicture, HTTPException):
    """A NoPicture as an answer of the host's API: HTTP 500 with the sentence as its `detail`."""

    def __init__(self, message: str) -> None:
        NoPicture.__init__(self, message)
        self.status_code = 500
        self.detail = message
        self.headers = None

    __str__ = NoPicture.__str__


def ended(error: StrategyError | NoPicture) -> Refused | Failed:
    """The same error in the form in which it is raised out of a generation."""
    if isinstance(error, NoPicture):
        return Failed(str(error))
    return Refused(error.message, error.line, error.column, field=error.field)


def refuse(p: Processing, error: Exception) -> None:
    """Stop this generation at its next unguarded call, with an error that says why."""
    if isinstance(error, StrategyError):
        error = ended(error)
    else:
        errors.report("Hires strategies: unexpected error", exc_info=True)
    p.setup_prompts = p.sample = Refusal(error)


class Refusal(attachments.Replacement):
    """A method of `p` that raises the error that a hook could not raise."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise self.error


def guarded(hook: Callable[..., None], p: Processing, *args: Any) -> None:
    """Run a hook of ours; an unexpected error is kept and raised in p.sample instead of being swallowed."""
    try:
        hook(p, *args)
    except Exception as error:
        refuse(p, error)
