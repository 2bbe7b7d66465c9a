"""How a generation is stopped with a sentence: the host swallows what a hook raises, and goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modules import errors

from hires_strategies.errors import StrategyError
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processing


def refuse(p: Processing, error: Exception) -> None:
    """Stop this generation at its next unguarded call, with an error that says why."""
    if isinstance(error, StrategyError):
        refused(error)
    else:
        errors.report("Hires strategies: unexpected error", exc_info=True)
    p.setup_prompts = p.sample = Refusal(error)


class Refusal(attachments.Replacement):
    """A method of `p` that raises the error that a hook could not raise."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise self.error


def refused(error: StrategyError) -> StrategyError:
    """The same error with the attributes from which A1111's API makes its answer."""
    error.status_code = 422  # type: ignore[attr-defined]
    error.detail = str(error)  # type: ignore[attr-defined]
    return error


def guarded(hook: Callable[..., None], p: Processing, *args: Any) -> None:
    """Run a hook of ours; an unexpected error is kept and raised in p.sample instead of being swallowed."""
    try:
        hook(p, *args)
    except Exception as error:
        refuse(p, error)
