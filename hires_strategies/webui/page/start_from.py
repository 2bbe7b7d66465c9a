"""What the section starts from: the first pass, an image, or a folder of pictures. Folded, like all that is asked
seldom; what was chosen stands in the fold's title."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_schema import RESULTS
from hires_strategies.webui.generation.done import Done
from hires_strategies.webui.generation.folder_listing import list_pictures
from hires_strategies.webui.generation.folder_path import allowed_folder
from hires_strategies.webui.generation.image_parameters import ImageParameters
from hires_strategies.webui.generation.start_from import CHOICES, FIRST_PASS, FOLDER, IMAGE
from hires_strategies.webui.host.forks.gradio_page import image_field
from hires_strategies.wording import describe, shorten

from .values import IS_PICTURE, Values, number_in

_TITLE = "Start from"
_QUIET: dict[str, Any] = {"show_progress": False, "queue": False}
_SHOWN = 240  # pixels of the picture's height


@dataclass(frozen=True)
class StartFields:
    """`arguments`: the components in the order of generation.start_from, the script's last arguments. `size` holds the
    chosen image's, "96x64"; `changes` are the events after which the preview is another one."""

    arguments: list[Any]
    size: Any
    changes: list[Any]


def build(elem_id: Callable[[str], str]) -> StartFields:
    """The fold, with what belongs to the choice visible."""
    with gr.Accordion(
        _title(FIRST_PASS), open=False, elem_id=elem_id("start_from"), elem_classes=["hires-strategies-fold"]
    ) as fold:
        start = gr.Radio(list(CHOICES), value=FIRST_PASS, label=_TITLE, show_label=False, elem_id=elem_id("start"))
        with gr.Column(visible=False) as of_image:
            image = gr.Image(
                label="Drop, paste or choose a picture", type="pil", height=_SHOWN, interactive=True,
                elem_id=elem_id("image"), **image_field(),
            )  # fmt: skip
        with gr.Column(visible=False) as of_folder:
            folder = gr.Textbox(
                label="Folder, on the machine that runs the WebUI", placeholder="C:\\pictures", lines=1,
                elem_id=elem_id("folder"),
            )  # fmt: skip
            results = gr.Radio(list(RESULTS), value=RESULTS[0], label="Results go to", elem_id=elem_id("results"))
            again = gr.Checkbox(False, label="Again: also what is done already", elem_id=elem_id("again"))
        with gr.Column(visible=False) as of_both:
            texts = gr.Checkbox(
                True, label="Use each picture's own prompt, seed and settings",
                elem_id=elem_id("picture_texts"),
            )  # fmt: skip
            note = gr.HTML("", elem_id=elem_id("start_note"), elem_classes=["hires-strategies-preview"])
    size = gr.Textbox("", visible=False, elem_id=elem_id("start_size"))
    for each in (start, image, folder, again, size):
        each.do_not_save_to_config = True  # each time anew, so that no later click does a folder unasked
    changes = [
        start.change(_chosen, [start, image, folder], [fold, of_image, of_folder, of_both, note], **_QUIET),
        image.change(lambda chosen: (_of_image(chosen), _size(chosen)), [image], [note, size], **_QUIET),
    ]
    folder.submit(_of_folder, [folder], [note], **_QUIET)
    folder.blur(_of_folder, [folder], [note], **_QUIET)
    return StartFields([start, image, texts, folder, results, again], size, changes)


def is_given(values: Values) -> bool:
    """Whether the page starts from pictures that are there already: no first pass is sampled."""
    return values.get("start") in (IMAGE, FOLDER)


def as_started(values: Values) -> tuple[Values, str]:
    """The page's values with the size of the picture to start from, and a sentence where that is not known."""
    if not is_given(values):
        return values, ""
    values = {**values, "hr": False}
    width, _, height = str(values.get("start_size") or "").partition("x")
    if values["start"] == IMAGE and width.isdecimal() and height.isdecimal():
        return {**values, "width": int(width), "height": int(height), IS_PICTURE: True}, ""
    which = "No picture is chosen yet" if values["start"] == IMAGE else "Each picture in the folder has its own size"
    page = "\N{MULTIPLICATION SIGN}".join(f"{number_in(values, side, 512):g}" for side in ("width", "height"))
    return values, f"{which}: what stands here is for one of {page}."


def _title(start: str) -> str:
    return f"{_TITLE}: {start}"


def _chosen(start: str, image: Image | None, folder: str) -> list[Any]:
    notes = {IMAGE: lambda: _of_image(image), FOLDER: lambda: _of_folder(folder)}
    shown = [gr.update(visible=start == IMAGE), gr.update(visible=start == FOLDER), gr.update(visible=start in notes)]
    return [gr.update(label=_title(start)), *shown, notes[start]() if start in notes else ""]


def _size(image: Image | None) -> str:
    return "" if image is None else f"{image.width}x{image.height}"


def _of_image(image: Image | None) -> str:
    """What the picture is and says."""
    if image is None:
        return _paragraph("Every image of a batch starts from this picture, in place of a first pass.")
    size = f"{image.width} \N{MULTIPLICATION SIGN} {image.height}"
    try:
        parameters = ImageParameters.of(image)
    except StrategyError as error:
        return _trouble(error.message)
    if parameters is None or not parameters.are_of_a_generation:
        return _paragraph(f"{size}, without generation parameters: the prompt, seed and settings are the page's.")
    return _paragraph(f"{size}, made with: {shorten(' '.join(parameters.text.split()))}")


def _of_folder(text: str) -> str:
    """What will be started from."""
    if not text.strip():
        return _paragraph(
            "One result for each picture in the folder, subfolders left out. What is done is not done again: after an "
            "interrupt, the next run goes on."
        )
    try:
        folder = allowed_folder(text, is_api=False)
        found = list_pictures(folder, Done.of(folder).names_in(folder))
    except StrategyError as error:
        return _trouble(error.message)
    except OSError as error:
        return _trouble(f"The folder cannot be read: {describe(error)}")
    told = f"{len(found.pictures)} {'picture' if len(found.pictures) == 1 else 'pictures'} to start from"
    left = f"; {found.results} more are results of earlier runs" if found.results else ""
    return _paragraph(f"{told}{left}.")


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _trouble(text: str) -> str:
    return f'<div class="hires-strategies-error" role="alert">{escape(text)}</div>'
