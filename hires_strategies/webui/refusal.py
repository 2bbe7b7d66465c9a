"""How a generation is refused: with an error that says why, raised where the host does not swallow it."""

from __future__ import annotations

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
