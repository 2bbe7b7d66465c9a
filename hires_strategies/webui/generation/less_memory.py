"""What does not fit into memory: tried again with less while the stages run, and said before Generate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modules import errors

from hires_strategies.errors import StrategyError
from hires_strategies.planning.foreseen import foreseen
from hires_strategies.planning.memory_needs import Known, MemoryNeeds, Work
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.running.host import Host
from hires_strategies.running.ladder import Ladder
from hires_strategies.webui.files import memory_file
from hires_strategies.webui.settings import tries_with_less_memory

from .learnt_times import model_kind


def on_ladder(host: Host, first_pass: FirstPass, own: Mapping[str, Any]) -> Host:
    """The host, which tries again with less where memory runs out if the setting says so. `own`: the generation's
    override_settings."""
    tries = tries_with_less_memory(own)
    ladder: Any = Ladder(host, first_pass, _Kept(memory_file(model_kind)), tries=tries)
    return ladder  # type: ignore[no-any-return]


def foreseen_here(plan: Plan, images: int) -> list[str]:
    """What batches of `images` will do with less memory, because earlier ones had to; in sentences."""
    return foreseen(plan, memory_file(model_kind), images) if tries_with_less_memory() else []


def forget_here() -> int:
    """Try everything whole again with the loaded model; returns how much was known of it. Raises StrategyError if the
    file cannot be written."""
    return memory_file(model_kind).forget()


class _Kept:
    """What is known, for the ladder: an unwritable file is no reason to lose a picture."""

    def __init__(self, needs: MemoryNeeds) -> None:
        self._needs = needs

    def known(self, work: Work) -> Known | None:
        return self._needs.known(work)

    def learn(self, work: Work, rung: int) -> None:
        _written(lambda: self._needs.learn(work, rung))

    def fitted(self, work: Work, rung: int) -> None:
        _written(lambda: self._needs.fitted(work, rung))


def _written(write: Callable[[], None]) -> None:
    try:
        write()
    except StrategyError as error:
        errors.report(f"Hires strategies: {error}")
