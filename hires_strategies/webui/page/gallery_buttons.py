"""The gallery's buttons: run the strategy on the selected image, and compare two images.

The host's own hires button takes prompts from the page and replaces the image. Ours sets a hidden field of the section
and presses it; the hooks see the field, take all that makes the first pass from the image's generation parameters and
give the original back in front of the new images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modules import images
from modules.ui_components import ToolButton

from hires_strategies.errors import StrategyError
from hires_strategies.webui.generation.request import KEYS
from hires_strategies.webui.host import attachments, forks
from hires_strategies.webui.host.processing import Processed, Processing

RUN = "txt2img_hires_strategies_run"
COMPARE = "txt2img_hires_strategies_compare"
_FIELD = 1 + len(KEYS)  # the tick, the values of KEYS, then this field
# Gradio 4 hands values to its components at the next frame. The host's click reads them at once, so the field can be
# cleared right after it.
_PRESS = """() => {{
    const click = (id) => gradioApp().getElementById(id)?.click();
    const later = (action) => requestAnimationFrame(() => requestAnimationFrame(action));
    later(() => {{ click('txt2img_upscale'); later(() => click('{done}')); }});
    return true;
}}"""
_DONE = f"{RUN}_done"


def build_buttons(from_gallery: Any) -> None:
    """Put our buttons beside the host's. Called while the host builds that row of buttons."""
    run = ToolButton("\u21c8", elem_id=RUN, tooltip="Run the hires strategy on the selected image; it stays.")
    ToolButton("\u25eb", elem_id=COMPARE, tooltip="Compare two images: wipe between them at 1:1.")
    done = ToolButton("", elem_id=_DONE, visible=False)
    run.click(None, None, [from_gallery], _js=_PRESS.format(done=_DONE), show_progress=False, queue=False)
    done.click(None, None, [from_gallery], _js="() => false", show_progress=False, queue=False)


def is_asked(p: Processing, arguments: Sequence[Any]) -> bool:
    """Whether our button, and not the host's, started this generation."""
    return forks.is_gallery_upscale(p) and len(arguments) > _FIELD and arguments[_FIELD] is True


def take_first_pass(p: Processing) -> None:
    """Set `p` up to make the first pass of the selected image again. Raises StrategyError where it cannot."""
    original = p.firstpass_image
    text = images.read_info_from_image(original)[0]
    if not text:
        raise StrategyError(
            "The selected image holds no generation parameters, so its first pass is not known. Are they switched off "
            "in the settings?"
        )
    module = forks.infotext_module()
    parameters = module.parse_generation_parameters(text)
    if "Seed" not in parameters or "Prompt" not in parameters:
        raise StrategyError(
            "The selected image's generation parameters name no seed or prompt: its first pass is unknown."
        )
    _take_prompts_and_seed(p, parameters)
    p.steps, p.cfg_scale = int(parameters.get("Steps", p.steps)), float(parameters.get("CFG scale", p.cfg_scale))
    p.width, p.height = int(parameters.get("Size-1", p.width)), int(parameters.get("Size-2", p.height))
    forks.take_sampler(p, parameters)
    p.override_settings.update({name: value for _, name, value in module.get_override_settings(parameters)})
    p.enable_hr, p.firstpass_image, p.txt2img_upscale = False, None, False
    attachments.hang(p, attachments.ORIGINAL, (original, text))


def return_original(p: Processing, processed: Processed) -> None:
    """Put the selected image, with its own text, in front of what was made from it."""
    held = attachments.held(p, attachments.ORIGINAL, tuple)
    if held is None or not processed.images:
        return
    original, text = held
    attachments.drop(p, attachments.ORIGINAL)
    if forks.gallery_keeps_original():
        return
    processed.images.insert(0, original)
    processed.infotexts.insert(0, text)
    processed.index_of_first_image += 1
    processed.info = text  # the host shows it as the text of the gallery's selected image, which is the original


def _take_prompts_and_seed(p: Processing, parameters: dict[str, Any]) -> None:
    p.prompt, p.negative_prompt, p.styles = parameters["Prompt"], parameters.get("Negative prompt", ""), []
    p.seed = int(parameters["Seed"])
    p.subseed = int(parameters.get("Variation seed", -1))
    p.subseed_strength = float(parameters.get("Variation seed strength", 0))
    p.seed_resize_from_w = int(parameters.get("Seed resize from-1", 0))
    p.seed_resize_from_h = int(parameters.get("Seed resize from-2", 0))
