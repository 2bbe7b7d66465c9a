"""The section's list of found strengths: what is remembered of '@auto', to be changed and forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from modules.ui_components import ToolButton

from hires_strategies.errors import StrategyError
from hires_strategies.finding.change import ACCEPTED
from hires_strategies.finding.remembered import Entry, Key, Remembered
from hires_strategies.planning.plan import FirstPass, Sampling
from hires_strategies.planning.start import longest_of, nearest_strength, written
from hires_strategies.webui.files import remembered_file
from hires_strategies.webui.host.sigmas import Schedules

from .explained import explained
from .values import Values, first_pass_of

TITLE = "Found strengths"
_DOT = " \N{MIDDLE DOT} "
_MOST_SHOWN = 50  # of other checkpoints, too
_NOTHING = "Nothing yet. The first generation with <b>@auto</b> finds a strength, and it is remembered here."
_LAYOUT = (
    "How alike the first pass and the picture have to stay when both are shrunk to a few fields: 0 % is the same "
    "composition, 100 % another one."
)


@dataclass
class FoundFields:
    """The components of the list. `outputs` are those that `listed` updates."""

    row: Any
    chosen: Any
    sigma: Any
    save: Any
    forget: Any
    forget_all: Any
    message: Any
    table: Any
    change: Any
    usual: Any

    @property
    def outputs(self) -> list[Any]:
        return [self.row, self.chosen, self.table, self.change, self.usual]


def build_found(elem_id: Callable[[str], str]) -> FoundFields:
    table = gr.HTML(_NOTHING, elem_id=elem_id("found_table"), elem_classes=["hires-strategies-preview"])
    with gr.Row(
        visible=False, elem_id=elem_id("found_row"), elem_classes=["hires-strategies-presets", "hires-strategies-found"]
    ) as row:
        chosen = gr.Dropdown(
            [], value=None, label="Change", allow_custom_value=True, elem_id=elem_id("found_entry"),
            elem_classes=["hires-strategies-field", "hires-strategies-entry"],
        )  # fmt: skip
        sigma = gr.Number(
            None, label="Start sigma", elem_id=elem_id("found_sigma"),
            elem_classes=["hires-strategies-field", "hires-strategies-sigma"],
        )  # fmt: skip
        save, forget, forget_all = _tools(elem_id)
    chosen.do_not_save_to_config = sigma.do_not_save_to_config = True
    explained(chosen, "Which of the found strengths to change or to forget")
    explained(sigma, "How much noise stages begin with there, as a multiple of the picture: the same for all schedules")
    message = gr.HTML("", elem_id=elem_id("found_message"))
    with gr.Row(elem_classes=["hires-strategies-presets"]):
        change = gr.HTML("", elem_id=elem_id("found_change"), elem_classes=["hires-strategies-preview"])
        usual = gr.Button("Back to the usual", size="sm", visible=False, elem_id=elem_id("found_usual"))
    explained(usual, "Forget how much change you accept, which your choices taught; what you chose yourself stays")
    return FoundFields(row, chosen, sigma, save, forget, forget_all, message, table, change, usual)


def _tools(elem_id: Callable[[str], str]) -> tuple[Any, Any, Any]:
    with gr.Row(elem_classes=["hires-strategies-tools"]):
        save = ToolButton(
            "\U0001f4be", elem_id=elem_id("found_save"), tooltip="Let @auto start at this sigma there from now on"
        )
        forget = ToolButton(
            "\U0001f5d1\ufe0f", elem_id=elem_id("found_forget"), tooltip="Forget this one: it will be found again"
        )
        forget_all = ToolButton(
            "forget all", elem_id=elem_id("found_forget_all"), elem_classes=["hires-strategies-word"],
            tooltip="Forget all found strengths, also those of other checkpoints and those you chose",
        )  # fmt: skip
    return save, forget, forget_all


def wire_found(fields: FoundFields, changed: str) -> None:
    """Events of the list; `changed` is the JavaScript that has preview and list made anew."""
    quiet: dict[str, Any] = {"show_progress": False, "queue": False}
    fields.chosen.select(choose_entry, [], [fields.sigma], **quiet)
    for button, function, inputs in (
        (fields.save, save_entry, [fields.chosen, fields.sigma]),
        (fields.forget, forget_entry, [fields.chosen]),
        (fields.forget_all, forget_all, []),
        (fields.usual, forget_change, []),
    ):
        done = button.click(function, inputs, [fields.message], **quiet)
        done.then(None, None, None, _js=changed, **quiet)


def listed(values: Values) -> list[Any]:
    """The list as the file has it now, see FoundFields.outputs. `values` of the page say what a sigma means now."""
    remembered = remembered_file()
    first = first_pass_of(values)
    entries = _sorted(remembered.entries(), first.checkpoint)
    taught, accepted = remembered.taught(), remembered.accepted()
    return [
        gr.update(visible=bool(entries)),
        gr.update(choices=[label(entry.key) for entry in entries]),
        _table(entries, first, accepted),
        _change(taught, accepted),
        gr.update(visible=taught > 0),
    ]


def label(key: Key) -> str:
    """What an entry holds for, in words."""
    words = [key.checkpoint or "unknown checkpoint", key.upscaler, key.scale]
    words += [f"CFG {key.cfg:g}"] if key.cfg is not None else []
    words += [f"distilled CFG {key.distilled_cfg:g}"] if key.distilled_cfg is not None else []
    words += [f"control {key.control}"] if key.control else []
    return ", ".join(words)


def choose_entry(chosen: gr.SelectData) -> Any:
    """The start sigma of the entry that was chosen."""
    entry = _entry(remembered_file(), str(chosen.value))
    return gr.update() if entry is None else written(entry.sigma)


def save_entry(chosen: Any, sigma: Any) -> str:
    def change(remembered: Remembered, entry: Entry) -> str:
        remembered.choose(entry.key, sigma)
        return f"{label(entry.key)}: @auto starts at sigma {written(sigma):g}, as you chose."

    return _told(chosen, change)


def forget_entry(chosen: Any) -> str:
    def change(remembered: Remembered, entry: Entry) -> str:
        remembered.forget(entry.key)
        return f"Forgotten: {label(entry.key)}. It will be found again."

    return _told(chosen, change)


def forget_all() -> str:
    try:
        remembered_file().forget_all()
    except StrategyError as error:
        return _error(error)
    return "<p>All found strengths are forgotten.</p>"


def forget_change() -> str:
    try:
        remembered_file().forget_accepted()
    except StrategyError as error:
        return _error(error)
    return "<p>@auto accepts the usual change of the layout again.</p>"


def _told(chosen: Any, change: Callable[[Remembered, Entry], str]) -> str:
    """HTML on what became of a change to the entry that is chosen."""
    remembered = remembered_file()
    entry = _entry(remembered, str(chosen or ""))
    if entry is None:
        return _error("Choose one of the found strengths first.")
    try:
        return f"<p>{escape(change(remembered, entry))}</p>"
    except StrategyError as error:
        return _error(error)


def _entry(remembered: Remembered, chosen: str) -> Entry | None:
    return next((entry for entry in remembered.entries() if label(entry.key) == chosen), None)


def _error(error: object) -> str:
    return f'<div class="hires-strategies-error" role="alert">{escape(str(error))}</div>'


def _sorted(entries: list[Entry], checkpoint: str | None) -> list[Entry]:
    """Those of the loaded checkpoint first, and the newest first."""
    newest = entries[::-1]
    return sorted(newest, key=lambda entry: entry.key.checkpoint != checkpoint)


def _table(entries: list[Entry], first: FirstPass, accepted: float) -> str:
    if not entries:
        return f"<p>{_NOTHING}</p>"
    schedules = Schedules()
    rows = []
    for entry in entries[:_MOST_SHOWN]:
        here = _strength_here(entry, first, schedules) if entry.key.checkpoint == first.checkpoint else None
        words = [f"start sigma <b>{written(entry.sigma):g}</b>"]
        words += [] if here is None else [f"denoising <b>{here:g}</b> here"]
        words.append(_source(entry, accepted))
        rows.append(f"<dt>{escape(label(entry.key))}</dt><dd>{_DOT.join(words)}</dd>")
    more = len(entries) - _MOST_SHOWN
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f'<dl class="hires-strategies-list">{"".join(rows)}</dl>{rest}'


def _source(entry: Entry, accepted: float) -> str:
    if entry.accepted is None:
        return "yours"
    if not entry.counts(accepted):
        return "for another change of the layout: will be found again"
    looks = len(entry.sigmas)
    return "found once" if looks == 1 else f"middle of the last {looks} looks"


def _strength_here(entry: Entry, first: FirstPass, schedules: Schedules) -> float | None:
    """The denoising strength that an entry means with the page's sampler, schedule and steps; None if unknown."""
    steps = first.steps

    def sigma_of(total: int) -> float | None:
        return schedules.start(Sampling(steps=steps, total=total, denoising_strength=1), first)

    return nearest_strength(entry.sigma, steps, sigma_of, longest_of(first.sampler))


def _change(taught: int, accepted: float) -> str:
    named = f'<span title="{_LAYOUT}">change of the layout</span>'
    if not taught:
        return f"<p>@auto accepts the usual {named}, {_percent(accepted)}.</p>"
    pictures = "a picture" if taught == 1 else f"{taught} pictures"
    return (
        f"<p>@auto accepts a {named} of <b>{_percent(accepted)}</b>, as taught by you from {pictures} "
        f"(usual: {_percent(ACCEPTED)}).</p>"
    )


def _percent(change: float) -> str:
    return f"{100 * change:.2g} %"
