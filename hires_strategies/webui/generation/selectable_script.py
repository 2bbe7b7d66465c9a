"""The script of the list (X/Y/Z plot, prompt matrix and the like) that runs this generation as one of several."""

from __future__ import annotations

from hires_strategies.webui.host.processing import Processing, SelectableScript


def selectable_script_runs(p: Processing) -> bool:
    """Whether X/Y/Z plot, prompt matrix or another script of the list runs this generation as one of several."""
    return _selected(p) > 0


def selected_script(p: Processing) -> SelectableScript | None:
    """The script of the list that runs this generation; None for none."""
    number, scripts = _selected(p), p.scripts.selectable_scripts if p.scripts is not None else []
    return scripts[number - 1] if 0 < number <= len(scripts) else None


def _selected(p: Processing) -> int:
    """The number of a script of the list, which the host puts before all arguments; 0 for none."""
    number = p.script_args[0] if p.script_args else 0
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
