"""Axes for the host's X/Y/Z plot. A value of '2: 0.5' is for the second stage, '0.5' for every stage that has one."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable
from functools import partial
from io import StringIO
from itertools import product
from types import SimpleNamespace
from typing import Any

from modules import scripts

from hires_strategies.editing.change import Change, read_change, spread
from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import parse
from hires_strategies.stage_options import BY_FIELD, PARTS
from hires_strategies.value_kinds import Name
from hires_strategies.webui.generation import xyz_cell
from hires_strategies.webui.generation.job import Job
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.forks import loaded
from hires_strategies.webui.host.lists import builtin_presets, host_vocabulary
from hires_strategies.webui.host.processing import Processing

from .files import preset_file
from .refusal import ended
from .settings import limits

PREFIX = "[Hires] "
_PROMPT_AXES = ("Prompt S/R", "Prompt order")
STRATEGY = "strategy"
LABELS = {STRATEGY: PREFIX + "Strategy", **{part.field: PREFIX + part.axis for part in PARTS if part.axis}}


def register() -> None:
    """Add the axes to the host's X/Y/Z plot, once, also after "Reload UI", which reloads that script."""
    for data in scripts.scripts_data:
        if data.script_class.__module__.removesuffix(".py").rsplit(".", 1)[-1] == "xyz_grid":
            _register(data.module)
            return


def _register(module: Any) -> None:
    for option in module.axis_options:
        if option.label in _PROMPT_AXES and not isinstance(option.apply, _InStagesToo):
            option.apply = _InStagesToo(option.apply)
    kind = loaded.axis_option(module)
    known = {option.label for option in module.axis_options}
    accepted = inspect.signature(module.AxisOption.__init__).parameters
    lacks = host_vocabulary(limits()).lacks
    for field, label in LABELS.items():
        if label not in known and field not in lacks:
            options = {name: value for name, value in _options(field).items() if name in accepted}
            module.axis_options.append(kind(label, str, **options))


class _InStagesToo:
    """One of the host's axes that change the prompts: it changes those of the stages as well."""

    def __init__(self, apply: Callable[..., None]) -> None:
        self.apply = apply

    def __call__(self, p: Processing, value: Any, values: list[Any]) -> None:
        missed = None
        try:
            self.apply(p, value, values)
        except RuntimeError as error:  # the text to be replaced is in neither prompt
            missed = str(error)
        xyz_cell.ask(p, xyz_cell.PromptEdit(partial(self._changed, value, values), missed))

    def _changed(self, value: Any, values: list[Any], text: str) -> str | None:
        """A stage's prompt as the axis changes it, None if it finds nothing to change."""
        if isinstance(value, (list, tuple)) and not all(word in text for word in value):
            return None  # an order of words, some of which are missing
        stand_in: Any = SimpleNamespace(prompt=text, negative_prompt="")
        try:
            self.apply(stand_in, value, values)
        except RuntimeError:
            return None
        return str(stand_in.prompt)


def _options(field: str) -> dict[str, Any]:
    return {
        "apply": partial(_apply, field),
        "format_value": partial(_format_value, field),
        "confirm": partial(_confirm, field),
        "choices": _choices(field),
        "prepare": None if field == STRATEGY else partial(_prepare, field),  # since A1111 1.7
    }


def _choices(field: str) -> Callable[[], list[str]] | None:
    """The source of the axis's list: presets, or this host's names."""
    if field == STRATEGY:
        return strategy_choices
    kind = BY_FIELD[field].kind
    return partial(names_of, kind.of) if isinstance(kind, Name) else None


def names_of(kind: str) -> list[str]:
    return list(host_vocabulary(limits()).names(kind))


def strategy_choices() -> list[str]:
    """The single strategies of all presets. Other texts are entered in the plot's text inputs."""
    texts: list[str] = []
    try:
        own = preset_file().all()
    except StrategyError:  # the preset list reports an unreadable file
        own = {}
    for preset in (*builtin_presets().values(), *own.values()):
        texts += [text for text in preset if text not in texts and len(parse(text)) == 1]
    return texts


def _prepare(field: str, text: str) -> list[str]:
    values = [value.strip() for row in csv.reader(StringIO(text), skipinitialspace=True) for value in row]
    with _as_refusal():
        return spread(values, field)


def _apply(field: str, p: Processing, value: str, _values: list[str]) -> None:
    xyz_cell.ask(p, _read(field, value))


def _read(field: str, value: str) -> str | Change:
    return value if field == STRATEGY else read_change(field, value)


def _format_value(field: str, _p: Processing, _option: Any, value: str) -> str:
    if field == STRATEGY:
        return value
    change = read_change(field, value)
    where = f", stage {change.stage}" if change.stage is not None else ""
    return f"{LABELS[field].removeprefix(PREFIX)}{where}: {change.text}"


def _confirm(field: str, p: Processing, values: list[str]) -> None:
    """Check an axis before the first cell, together with those confirmed before it and the section's own text."""
    with _as_refusal():
        if not values:
            raise StrategyError(f"The axis '{LABELS[field]}' has no values.")
        confirmed = (*_confirmed(p), [_read(field, value) for value in values])
        attachments.hang(p, attachments.AXES, confirmed)
        has_texts = any(isinstance(axis[0], str) for axis in confirmed)
        if not has_texts and LABELS[STRATEGY] in _labels(p):
            return  # a later axis brings the texts and is checked together with this one
        vocabulary = host_vocabulary(limits())
        for cell in product(*confirmed):
            request = xyz_cell.read_cell(_section_arguments(p), cell, vocabulary)
            assert request is not None
            Job(request, vocabulary.limits).check(p)


def _confirmed(p: Processing) -> tuple[list[str | Change], ...]:
    """The axes confirmed so far."""
    return attachments.held(p, attachments.AXES, tuple) or ()


def _labels(p: Processing) -> list[str]:
    """The labels of the plot's three axes."""
    arguments = p.script_args
    assert p.scripts is not None
    script: Any = p.scripts.selectable_scripts[arguments[0] - 1]  # the plot
    chosen = arguments[script.args_from : script.args_to]
    return [script.current_axis_options[index or 0].label for index in (chosen[0], chosen[3], chosen[6])]


def _section_arguments(p: Processing) -> tuple[Any, ...]:
    for script in p.scripts.alwayson_scripts if p.scripts is not None else ():
        if script.title() == "Hires strategies":
            return tuple(p.script_args[script.args_from : script.args_to])
    return ()


class _as_refusal:
    """Lets a StrategyError out in the form that the host's API turns into an answer."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, StrategyError):
            raise ended(error) from None
