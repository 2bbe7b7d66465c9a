"""The events that connect the section's fields with each other, and with the host's own that it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from hires_strategies.editing import row_edits
from hires_strategies.editing.rows import FIELDS, Row
from hires_strategies.errors import StrategyError
from hires_strategies.lines import lines_of, split_lines
from hires_strategies.webui.host.forks.gradio_page import add_page_route
from hires_strategies.webui.host.lists import pixel_upscaler
from hires_strategies.wording import shorten

from . import gallery_buttons
from .found_list import listed, wire_found
from .from_hires_fix import taken_over
from .host_fields import NAMES, NOT_IN_PREVIEW
from .preset_list import list_presets, shown_name
from .preview import preview, try_whole
from .row_fields import ROWS, left_out, row_from_values, updates
from .strength_unit import with_auto, with_other_unit

_QUIET: dict[str, Any] = {"show_progress": False, "queue": False}
# Opens or closes a stage's folded fields; never finishes, see `notify`.
_OPEN = """() => {{
    gradioApp().getElementById('{id}')?.querySelector('.label-wrap')?.click();
    return new Promise(() => {{}});
}}"""

_host: dict[str, Any] = {}
_waiting: dict[Any, Callable[[], None]] = {}  # what is to be made once the host has made its component of that id


def remember(section: Any) -> None:
    """A page's section has been built: connect it with the host's parts that follow, once for each page.

    Gradio 4 makes a component anew when an event updates it, and its host's callback sees its id again.
    """
    # The gallery comes after all fields.
    _waiting["txt2img_gallery"] = lambda: wire(section, dict(_host))
    _waiting["txt2img_upscale"] = lambda: gallery_buttons.build_buttons(section, notify)


def after_component(component: Any, **arguments: Any) -> None:
    """Called by the host's on_after_component."""
    elem_id = arguments.get("elem_id")
    if elem_id in NAMES:
        _host[NAMES[elem_id]] = component
    elif elem_id in _waiting:
        _waiting.pop(elem_id)()


def notify(section: Any, event: str) -> str:
    """JavaScript that notifies our script of an event.

    It never finishes: after each event that does, Gradio visits every component of the page, thousands on some.
    """
    return f"() => {{ {_told(section, event)}; return new Promise(() => {{}}); }}"


def _told(section: Any, event: str, detail: str = "{}") -> str:
    found = f"gradioApp().getElementById('{section.elem_id}')"
    return f"{found}?.dispatchEvent(new CustomEvent('hires-strategies-{event}', {{ detail: {detail} }}))"


def wire(section: Any, host: dict[str, Any]) -> None:
    """All events that need the host's fields. User edits in the rows change the text; the text changes the rows."""
    names = list(host)
    own = {"keepers_without": section.keepers_without, "keepers_with": section.keepers_with,
           "preset": section.presets.chosen, "start": section.start.arguments[0],
           "start_size": section.start.size}  # fmt: skip
    inputs = [section.text, section.line, section.shown, *own.values(), *host.values()]

    def values_of(arguments: Sequence[Any]) -> dict[str, Any]:
        return dict(zip([*own, *names], arguments[3:], strict=True))

    def refresh(*arguments: Any) -> list[Any]:
        text, line, shown = arguments[:3]
        return refreshed(text or "", line, shown or "", values_of(arguments))

    def take_over(*arguments: Any) -> list[Any]:
        try:
            return [taken_over(values_of(arguments)), False, True, ""]
        except StrategyError as error:
            message = f'<div class="hires-strategies-error" role="alert">{escape(error.message)}</div>'
            return [gr.update(), gr.update(), gr.update(), message]

    def other_unit(index: int, *given: Any) -> str:
        return with_other_unit(given[0] or "", index_of(given[1]), index, values_of(given))

    def auto(index: int, *given: Any) -> tuple[str, str]:
        *rest, before = given
        return with_auto(rest[0] or "", index_of(rest[1]), index, before or "", values_of(rest))

    kept = section.before_auto
    for index, row in enumerate(section.rows):
        changes_text(section, row.unit.click, partial(other_unit, index), inputs, [section.text])
        changes_text(section, row.auto.click, partial(auto, index), [*inputs, kept], [section.text, kept])
    outputs = [section.preview, section.line, section.shown, section.plan, section.worth, section.rest,
               section.presets.chosen, *(each for row in section.rows for each in row.outputs)]  # fmt: skip
    _answer(section, "refresh", refresh, inputs, outputs)
    fields = [component for row in section.rows for component in row.fields]
    _answer(section, "list_found", lambda *given: listed(values_of(given)), inputs, section.found.outputs)
    _answer(section, "edit", applied, [section.text, section.shown, *fields], [section.text])
    add_page_route(try_whole, [section.shown], [section.shown], "hires_strategies_try_whole")
    section.buttons["opened"].click(list_presets, [], section.presets.outputs, **_QUIET)
    if "hr" in host:
        taken = [section.text, host["hr"], section.enabled, section.presets.message]
        changes_text(section, section.presets.take_over.click, take_over, inputs, taken)
    for component in (*(host[name] for name in names if name not in NOT_IN_PREVIEW), section.keepers_without,
                      section.keepers_with):  # fmt: skip
        component.change(None, None, None, _js=notify(section, "refresh"), **_QUIET)
    for change in section.start.changes:
        change.then(None, None, None, _js=notify(section, "refresh"), **_QUIET)


def _answer(section: Any, name: str, function: Any, inputs: list[Any], outputs: list[Any]) -> None:
    """Let our script call a function for `outputs` by pressing the hidden button of that name.

    It calls Gradio's API address: an ordinary event makes Gradio visit the whole page twice instead of once.
    """
    detail = f"{{ values: values.slice(0, {len(inputs)}), resolve }}"
    ask = f"(...values) => new Promise((resolve) => {{ {_told(section, name + '-values', detail)}; }})"
    section.buttons[name].click(None, inputs, outputs, _js=ask, **_QUIET)
    add_page_route(function, inputs, outputs, f"hires_strategies_{name}")


def changes_text(section: Any, event: Any, function: Any, inputs: list[Any], outputs: list[Any]) -> None:
    """Connect an event whose answer changes the text; our script makes Generate wait for it."""
    started = f"(...values) => {{ {_told(section, 'started')}; return values.slice(0, {len(inputs)}); }}"
    event(function, inputs, outputs, _js=started, **_QUIET).then(None, None, None, _js=notify(section, "ended"))


def wire_builder(section: Any) -> None:
    """Events among the section's own fields."""
    changed, edited = notify(section, "refresh"), notify(section, "edit")
    section.text.change(None, None, None, _js=changed, **_QUIET)
    section.line.input(None, None, None, _js=changed, **_QUIET)
    for index, row in enumerate(section.rows):
        for component in row.fields:
            component.input(None, None, None, _js=edited, **_QUIET)
        _wire_tools(section, row, index)
    wire_found(section.found, changed)
    here = [section.text, section.line]
    changes_text(section, section.add_stage.click, added_stage, here, [section.text])
    changes_text(section, section.add_line.click, added_line, here, [section.text, section.line])


def _wire_tools(section: Any, row: Any, index: int) -> None:
    tools = (
        (row.sweep, row_edits.toggle_sweep, ()),
        (row.up, row_edits.move_stage, (-1,)),
        (row.down, row_edits.move_stage, (1,)),
        (row.remove, row_edits.remove_stage, ()),
    )
    for button, change, more in tools:

        def changed_text(
            text: str, line: str, change: Callable[..., str] = change, more: tuple[int, ...] = more
        ) -> str:
            return change(text, index_of(line), index, *more)

        changes_text(section, button.click, changed_text, [section.text, section.line], [section.text])
    row.more.click(None, None, None, _js=_OPEN.format(id=row.options_id), **_QUIET)


def refreshed(text: str, line: Any, shown: str, values: dict[str, Any]) -> list[Any]:
    """Updates for all that follows from the text; see `wire` for their order."""
    names = strategy_names(text)
    index = min(index_of(line), len(names) - 1)
    before, rows = rows_shown(shown), row_edits.rows_of(text, index)
    seen, preset = preview(text, values, index), values.get("preset") or ""
    name = shown_name(text, preset)
    return [
        seen.line, gr.update(choices=names, value=names[index], visible=len(names) > 1), f"{index}\n{text}", seen.plan,
        seen.worth, left_out(len(rows)), gr.update() if name == preset else gr.update(value=name),
        *updates(before[:ROWS], rows[:ROWS]),
    ]  # fmt: skip


def strategy_names(text: str) -> list[str]:
    """The choices of the list of strategies: numbers from 1 on, which `index_of` reads, and what each of them says."""
    return [f"{number}. {shorten(line.strip())}" for number, line in enumerate(lines_of(text) or [""], start=1)]


def applied(text: str, shown: str, *fields: Any) -> Any:
    """The text after the user changed fields of the rows; `shown` is what the rows showed before."""
    before = rows_shown(shown)[:ROWS]
    width = len(FIELDS)
    after = [row_from_values(fields[n * width : (n + 1) * width], row) for n, row in enumerate(before)]
    edited = row_edits.merged_edit(text, index_of_shown(shown), before, after)
    return gr.update() if edited == text else edited


def added_stage(text: str, line: Any) -> str:
    return row_edits.add_stage(text, index_of(line), pixel_upscaler())


def added_line(text: str, line: Any) -> tuple[str, Any]:
    new = row_edits.add_line(text, index_of(line), pixel_upscaler())
    names = strategy_names(new)
    return new, gr.update(choices=names, value=names[-1], visible=len(names) > 1)


def rows_shown(shown: str) -> tuple[Row, ...]:
    """The rows that the page shows: `shown` is the line's index, a line break, and the text they were made from."""
    return row_edits.rows_of("\n".join(split_lines(shown)[1:]), index_of_shown(shown)) if shown else ()


def index_of_shown(shown: str) -> int:
    number = split_lines(shown)[0]
    return int(number) if number.isdecimal() else 0


def index_of(line: Any) -> int:
    """The index of the chosen line; the field shows lines from 1 on, each with its text."""
    number = str(line or "").partition(".")[0]
    return max(int(number) - 1, 0) if number.isdecimal() else 0
