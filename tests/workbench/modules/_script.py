"""What a script derives from, and what its hooks are given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

AlwaysVisible = object()


@dataclass
class OnComponent:
    """What a callback for one component is given."""

    component: Any


@dataclass
class PostSampleArgs:
    """`samples`: latents B,4,h,w or DecodedSamples; may be replaced."""

    samples: Any


@dataclass
class PostprocessImageArgs:
    """`image`: one finished picture; may be replaced."""

    image: Any


@dataclass
class PostProcessMaskOverlayArgs:
    """What is laid over picture `index` of the batch; may be replaced."""

    index: int
    mask_for_overlay: Any
    overlay_image: Any


@dataclass
class PostprocessBatchListArgs:
    """`images`: the batch's pictures 3,H,W in [0,1]; may be replaced, also by more or fewer."""

    images: list


class Script:
    """A script. `show` decides whether it is always on, in the "Script" list, or not there."""

    name: str | None = None
    section: str | None = None
    filename: Any = None
    args_from: Any = None
    args_to: Any = None
    alwayson = False
    is_txt2img = False
    is_img2img = False
    tabname: str | None = None
    group: Any = None
    create_group = True
    infotext_fields: Any = None
    paste_field_names: Any = None
    api_info: Any = None
    on_after_component_elem_id: Any = None
    setup_for_ui_only = False
    controls: Any = None

    def title(self):
        """The name in the page and in the API."""
        raise NotImplementedError

    def ui(self, is_img2img):
        """Make the components; the returned ones are the arguments of all hooks."""

    def show(self, is_img2img):
        """False, True (in the "Script" list) or AlwaysVisible."""
        return True

    def run(self, p, *args):
        """A script from the list: do the whole job, return Processed."""

    def setup(self, p, *args):
        """Runner and arguments were set on p."""

    def before_process(self, p, *args):
        """Before the override settings act."""

    def process(self, p, *args):
        """Prompts and seeds of the whole job are known."""

    def before_process_batch(self, p, *args, **kwargs):
        """A batch begins; its prompts still hold their network tags."""

    def after_extra_networks_activate(self, p, *args, **kwargs):
        """Networks were switched; also before a second pass."""

    def process_batch(self, p, *args, **kwargs):
        """Just before the conditioning of a batch."""

    def process_before_every_sampling(self, p, *args, **kwargs):
        """Just before each sampling; also before a second pass."""

    def before_hr(self, p, *args):
        """Just before the second pass."""

    def post_sample(self, p, ps, *args):
        """Sampled, not yet decoded."""

    def postprocess_batch(self, p, *args, **kwargs):
        """Decoded; `images` is one tensor."""

    def postprocess_batch_list(self, p, pp, *args, **kwargs):
        """Decoded; pp.images is a list that may be replaced."""

    def postprocess_image(self, p, pp, *args):
        """Each picture."""

    def postprocess_maskoverlay(self, p, ppmo, *args):
        """What is laid over each picture."""

    def postprocess_image_after_composite(self, p, pp, *args):
        """Each picture, once inpainting has put it into its place."""

    def postprocess(self, p, processed, *args):
        """The job is done."""

    def before_component(self, component, **kwargs):
        """Before each component of the page."""

    def after_component(self, component, **kwargs):
        """After each component of the page."""

    def on_after_component(self, callback, *, elem_id):
        """callback(OnComponent) after the component of an id."""
        self.on_after_component_elem_id = [*(self.on_after_component_elem_id or []), (elem_id, callback)]

    def elem_id(self, item_id):
        """An id for a component, from the tab (where the script is in both), the title and the item."""
        tab = self._tab_prefix()
        title = re.sub(r"[^a-z_0-9]", "", re.sub(r"\s", "_", self.title().lower()))
        return f"script_{tab}{title}_{item_id}"

    def _tab_prefix(self) -> str:
        in_both = self.show(True) == self.show(False)
        return ("img2img_" if self.is_img2img else "txt2img_") if in_both else ""


class ScriptBuiltinUI(Script):
    """A part of the page itself that is written as a script."""

    setup_for_ui_only = True

    def elem_id(self, item_id):
        """An id without the script's title."""
        return f"{self._tab_prefix()}{item_id}"

    def show(self, is_img2img):
        """Always."""
        return AlwaysVisible
