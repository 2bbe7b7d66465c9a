"""What the user teaches '@auto' by using one picture of a sweep: see output.teaches for what such a picture shows."""

from __future__ import annotations

import dataclasses
from typing import Any

from hires_strategies.control_units import ControlUnits
from hires_strategies.errors import StrategyError
from hires_strategies.json_text import object_in
from hires_strategies.limits import MAX_SCALE, MAX_SIGMA
from hires_strategies.planning.sought import Sought
from hires_strategies.value_kinds import Number
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.files import remembered_file
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.settings import limits

ACCEPTED = "@auto will from now on accept as much change as here (undo under Found strengths)."
_LONGEST = 10_000  # characters; a name of the longest kind has some hundreds
_SCALE, _SIGMA, _CHANGE = Number(0, MAX_SCALE * MAX_SCALE, above=True), Number(0, MAX_SIGMA, above=True), Number(0, 1)
_CFG = Number(0, 1000)


def teach(picture: Any) -> str:
    """Remember what a picture shows of its user, a record's `teaches` as JSON. Returns what to tell, "" for nothing.

    The page sends it, so it may be anything: what makes no sense with this host's names teaches nothing.
    """
    read = _read(str(picture))
    if read is None:
        return ""
    sought, sigma, change = read
    try:
        remembered_file().teach(sought, sigma, change)
    except StrategyError as error:
        return f"@auto does not learn from it: {error}"
    return ACCEPTED


def _read(text: str) -> tuple[Sought, float, float] | None:
    given = object_in(text) if len(text) <= _LONGEST else None
    if given is None:
        return None
    fields: dict[str, Any] = {field.name: given.get(field.name) for field in dataclasses.fields(Sought)}
    sigma: Any = given.get("sigma")
    change: Any = given.get("change")
    if not (_makes_sense(fields, host_vocabulary(limits())) and _SIGMA.accepts(sigma) and _CHANGE.accepts(change)):
        return None
    return Sought(**fields), float(sigma), float(change)


def _makes_sense(fields: dict[str, Any], host: Vocabulary) -> bool:
    checkpoint, control = fields["checkpoint"], fields["control"]
    numbers = all(fields[name] is None or _CFG.accepts(fields[name]) for name in ("cfg", "distilled_cfg"))
    return (
        numbers
        and _SCALE.accepts(fields["scale"])
        and (checkpoint is None or checkpoint in host.checkpoints)
        and fields["upscaler"] in host.upscalers
        and (control is None or ControlUnits().accepts(control))
    )
