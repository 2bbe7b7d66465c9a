"""How long runs took, kept for the page's and the API's estimates."""

from __future__ import annotations

from modules import errors

from hires_strategies.errors import StrategyError
from hires_strategies.planning.timing import Ran
from hires_strategies.webui.files import timing_file
from hires_strategies.webui.host.forks import loaded
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.sampler_watch import counted_evaluations
from hires_strategies.webui.host.sigmas import loaded_model

from .batch import Batch


def model_kind() -> str:
    """The loaded model's kind, a name shared by models of one speed; empty for none. Loads nothing."""
    model = loaded_model()
    if model is None:
        return ""
    return loaded.model_kind(model)


def first_pass_ran(p: Processing, seconds: float) -> Ran:
    """What the first pass that `p` has just sampled took."""
    return Ran(seconds, counted_evaluations(p.sampler))


def learn(batch: Batch, first_pass: Ran) -> None:
    """Remember how long a batch took; `first_pass` is empty if it was not computed (or was Hires. fix's)."""
    stages = [
        Ran(None) if outcome.error else Ran(outcome.seconds, outcome.model_evaluations)
        for outcome in batch.result.stages
    ]
    try:
        timing_file().learn(batch.plan, [first_pass, *stages], model_kind(), len(batch.seeds))
    except StrategyError as error:  # an unwritable file is no reason to lose a picture
        errors.report(f"Hires strategies: {error}")
