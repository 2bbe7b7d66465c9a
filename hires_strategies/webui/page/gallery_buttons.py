"""The gallery's buttons: run the strategy on the selected image (see generation/selected_image), and compare two."""

from __future__ import annotations

from typing import Any

from modules.ui_components import ToolButton

RUN = "txt2img_hires_strategies_run"
COMPARE = "txt2img_hires_strategies_compare"
# Gradio 4 passes values to its components in the next frame. The host's click reads them at once, so the field can be
# cleared right after it.
_PRESS = """() => {{
    const click = (id) => gradioApp().getElementById(id)?.click();
    const later = (action) => requestAnimationFrame(() => requestAnimationFrame(action));
    later(() => {{ click('txt2img_upscale'); later(() => click('{done}')); }});
    return true;
}}"""
_DONE = f"{RUN}_done"


def build_buttons(from_gallery: Any) -> None:
    """Put our buttons next to the host's. Called while the host builds that row of buttons."""
    run = ToolButton("\u21c8", elem_id=RUN, tooltip="Run the hires strategy on the selected image; it stays.")
    ToolButton("\u25eb", elem_id=COMPARE, tooltip="Compare two images: wipe between them at 1:1.")
    done = ToolButton("", elem_id=_DONE, visible=False)
    run.click(None, None, [from_gallery], _js=_PRESS.format(done=_DONE), show_progress=False, queue=False)
    done.click(None, None, [from_gallery], _js="() => false", show_progress=False, queue=False)
