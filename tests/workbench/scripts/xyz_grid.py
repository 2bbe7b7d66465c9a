"""The X/Y/Z plot: one image for each combination of three lists of values, with the host's interface and arguments."""

from __future__ import annotations

import csv
import re
from collections import namedtuple
from collections.abc import Callable
from copy import copy
from io import StringIO
from itertools import chain, product
from typing import Any

import gradio as gr
import modules.scripts as scripts
import numpy as np
from modules import errors, images, processing, sd_models, sd_samplers, sd_schedulers, shared
from modules.processing import Processed, process_images
from modules.shared import opts, state
from PIL import Image

AxisInfo = namedtuple("AxisInfo", ["axis", "values"])
_NUMBER = r"([+-]?\d+(?:\.\d*)?)"
_RANGE = re.compile(rf"\s*{_NUMBER}\s*-\s*{_NUMBER}(?:\s*\({_NUMBER}\s*\))?(?:\s*\[(\d+)\s*\])?\s*")


def format_value_add_label(p, opt, x):
    """A value with its axis's name."""
    return f"{opt.label}: {round(x, 8) if isinstance(x, float) else x}"


def format_value(p, opt, x):
    """A value alone."""
    return round(x, 8) if isinstance(x, float) else x


class AxisOption:
    """An axis: `type` makes values of texts, `confirm(p, values)` may refuse, `apply(p, value, values)` sets one."""

    def __init__(
        self, label, type, apply, format_value=format_value_add_label, confirm=None, cost=0.0, choices=None,
        prepare=None,
    ):  # fmt: skip
        self.label, self.type, self.apply, self.format_value = label, type, apply, format_value
        self.confirm, self.cost, self.choices, self.prepare = confirm, cost, choices, prepare


class AxisOptionTxt2Img(AxisOption):
    """An axis of txt2img only."""

    is_img2img = False


def apply_field(field):
    """Sets an attribute of p."""
    return lambda p, x, xs: setattr(p, field, x)


def apply_override(field):
    """Sets a setting for this job."""
    return lambda p, x, xs: p.override_settings.update({field: x})


def apply_prompt(p, x, xs):
    """Replaces the first value in the prompts by this one."""
    if xs[0] not in p.prompt and xs[0] not in p.negative_prompt:
        raise RuntimeError(f"Prompt S/R did not find {xs[0]} in prompt or negative prompt.")
    p.prompt, p.negative_prompt = p.prompt.replace(xs[0], x), p.negative_prompt.replace(xs[0], x)


def confirm_checkpoints(p, xs):
    """Refuses unknown checkpoints."""
    for x in xs:
        if sd_models.get_closet_checkpoint_match(x) is None:
            raise RuntimeError(f"Unknown checkpoint: {x}")


axis_options = [
    AxisOption("Nothing", str, lambda p, x, xs: None, format_value=lambda p, opt, x: ""),
    AxisOption("Seed", int, apply_field("seed")),
    AxisOption("Var. seed", int, apply_field("subseed")),
    AxisOption("Var. strength", float, apply_field("subseed_strength")),
    AxisOption("Steps", int, apply_field("steps")),
    AxisOptionTxt2Img("Hires steps", int, apply_field("hr_second_pass_steps")),
    AxisOption("CFG Scale", float, apply_field("cfg_scale")),
    AxisOption("Prompt S/R", str, apply_prompt, format_value=format_value),
    AxisOptionTxt2Img("Sampler", str, apply_field("sampler_name"), choices=sd_samplers.visible_sampler_names),
    AxisOption(
        "Checkpoint name", str, lambda p, x, xs: p.override_settings.update(sd_model_checkpoint=x),
        confirm=confirm_checkpoints, cost=1.0, choices=lambda: sorted(sd_models.checkpoints_list),
    ),
    AxisOption(
        "Schedule type", str, apply_field("scheduler"),
        choices=lambda: [scheduler.label for scheduler in sd_schedulers.schedulers],
    ),
    AxisOption("Clip skip", int, apply_override("CLIP_stop_at_last_layers")),
    AxisOption("Denoising", float, apply_field("denoising_strength")),
    AxisOptionTxt2Img(
        "Hires upscaler", str, apply_field("hr_upscaler"),
        choices=lambda: [*shared.latent_upscale_modes, *(data.name for data in shared.sd_upscalers)],
    ),
]  # fmt: skip


def csv_string_to_list_strip(data_str):
    """The values of a csv line."""
    return [value.strip() for value in chain.from_iterable(csv.reader(StringIO(data_str), skipinitialspace=True))]


def _numbers(values: list[str], kind: Callable[[Any], Any]) -> list[Any]:
    """Values with ranges spelled out: 1-5, 1-5 (+2), 1-3 [5]."""
    found: list[Any] = []
    for value in filter(str.strip, values):
        match = _RANGE.fullmatch(value)
        if match is None:
            found.append(value)
            continue
        start, end = kind(match.group(1)), kind(match.group(2))
        if match.group(4):
            found += np.linspace(start, end, int(match.group(4))).tolist()
        else:
            step = kind(match.group(3) or 1)
            found += np.arange(start, end + step, step).tolist()
    return found


class Script(scripts.Script):
    """The script in the list."""

    def title(self):
        """Its name."""
        return "X/Y/Z plot"

    def ui(self, is_img2img):
        """Three axes and what to make of their images; the arguments' order is the host's."""
        self.current_axis_options = [
            option for option in axis_options if getattr(option, "is_img2img", is_img2img) == is_img2img
        ]
        labels = [option.label for option in self.current_axis_options]
        controls = []
        for axis, first in (("X", 1), ("Y", 0), ("Z", 0)):
            with gr.Row():
                name = self.elem_id(axis.lower())
                kind = gr.Dropdown(
                    labels, label=f"{axis} type", value=labels[first], type="index", elem_id=f"{name}_type"
                )
                text = gr.Textbox(label=f"{axis} values", lines=1, elem_id=f"{name}_values")
                chosen = gr.Dropdown([], label=f"{axis} values", visible=False, multiselect=True)
            kind.change(self._choose, inputs=[kind], outputs=[text, chosen], show_progress=False)
            controls += [kind, text, chosen]
        ticks = {
            "Draw legend": True, "Include Sub Images": False, "Include Sub Grids": False, "Keep -1 for seeds": False,
            "Vary seeds for X": False, "Vary seeds for Y": False, "Vary seeds for Z": False,
        }  # fmt: skip
        controls += [gr.Checkbox(label=label, value=value) for label, value in ticks.items()]
        margin = gr.Slider(label="Grid margins (px)", minimum=0, maximum=500, value=0, step=2)
        return [*controls, margin, gr.Checkbox(label="Use text inputs instead of dropdowns", value=False)]

    def run(self, p, *args):
        """All cells, in one grid."""
        types, texts, chosen = args[0:9:3], args[1:9:3], args[2:9:3]
        draw_legend, include_images, _sub_grids, keep_seeds, *vary, margin, csv_mode = args[9:]
        if not keep_seeds:
            processing.fix_seed(p)
        if not opts.return_grid:
            p.batch_size = 1
        axes = [self.current_axis_options[kind or 0] for kind in types]
        values = [_values(p, *axis, csv_mode) for axis in zip(axes, texts, chosen)]
        _announce(p, axes, values)

        cells: dict[tuple[int, ...], Processed] = {}
        for place in product(*(range(len(each)) for each in reversed(values))):
            place = place[::-1]
            state.job = f"{len(cells) + 1} out of {np.prod([len(each) for each in values])}"
            cells[place] = self._cell(p, axes, values, place, vary)
        sd_models.reload_model_weights()
        labels = [[axis.format_value(p, axis, x) for x in each] for axis, each in zip(axes, values)]
        return _grid(p, cells, labels, (draw_legend, include_images, margin))

    def _cell(self, p: Any, axes: Any, values: Any, place: tuple[int, ...], vary: list[bool]) -> Processed:
        """One job on a shallow copy of p; one that fails is an empty cell."""
        if state.interrupted or state.stopping_generation:
            return Processed(p, [], p.seed, "")
        pc = copy(p)
        pc.styles = pc.styles[:]
        for axis, each, index in zip(axes, values, place):
            axis.apply(pc, each[index], each)
        stride = 1
        for varied, each, index in zip(vary, values, place):
            pc.seed += index * stride if varied else 0
            stride *= len(each) if varied else 1
        try:
            return process_images(pc)
        except Exception as e:
            errors.display(e, "generating image for xyz plot")
            return Processed(p, [], p.seed, "")

    def _choose(self, kind: int) -> Any:
        """A list to choose from where the axis has one, else a text."""
        choices = self.current_axis_options[kind or 0].choices
        shown = choices is not None
        names = choices() if choices is not None else []
        return gr.update(visible=not shown), gr.update(choices=names, value=[], visible=shown)


def _values(p: Any, axis: AxisOption, text: str, chosen: Any, csv_mode: bool) -> list[Any]:
    if axis.label == "Nothing":
        return [0]
    if axis.choices is not None and not csv_mode:
        found = list(chosen)
    elif axis.prepare is not None:
        found = axis.prepare(text)
    else:
        found = csv_string_to_list_strip(text)
    if axis.type in (int, float):
        found = _numbers(found, axis.type)
    found = [axis.type(value) for value in found]
    if axis.confirm is not None:
        axis.confirm(p, found)
    return found


def _announce(p: Any, axes: list[AxisOption], values: list[list[Any]]) -> None:
    """Jobs and steps of the whole plot; a cell counts its second pass itself, but only the first one does."""
    count = len(values[0]) * len(values[1]) * len(values[2])
    second = (p.hr_second_pass_steps or p.steps) if p.enable_hr else 0
    shared.total_tqdm.updateTotal((p.steps + second) * count * p.n_iter)
    for name, axis, each in zip("xyz", axes, values):
        setattr(state, f"xyz_plot_{name}", AxisInfo(axis, each))
    state.job_count = count * p.n_iter


def _grid(p: Any, cells: dict[tuple[int, ...], Processed], labels: list[list[str]], how: tuple) -> Processed:
    """The first image of every cell, and all of them in one picture for each z, side by side."""
    draw_legend, include_images, margin = how
    made = [cell for cell in cells.values() if cell.images]
    if not made:
        return Processed(p, [])
    blank = Image.new("RGB", made[0].images[0].size)
    pictures = [cell.images[0] if cell.images else blank for cell in cells.values()]
    across, down, deep = ([[images.GridAnnotation(str(text))] for text in texts] for texts in labels)
    per_z = len(across) * len(down)
    grids = []
    for start in range(0, len(pictures), per_z):
        grid = images.image_grid(pictures[start : start + per_z], rows=len(down))
        size = (grid.width // len(across), grid.height // len(down))
        grids.append(images.draw_grid_annotations(grid, *size, across, down, margin) if draw_legend else grid)
    whole = images.image_grid(grids, rows=1)
    if draw_legend:
        whole = images.draw_grid_annotations(whole, grids[0].width, grids[0].height, deep, [[images.GridAnnotation()]])
    result = copy(made[0])
    infotexts = [cell.infotexts[0] if cell.images else "" for cell in cells.values()]
    result.images = [whole, *(pictures if include_images else [])]
    result.infotexts = [made[0].infotexts[0], *(infotexts if include_images else [])]
    result.all_prompts = [cell.prompt for cell in cells.values()]
    result.all_seeds = [cell.seed for cell in cells.values()]
    result.index_of_first_image = 1
    if opts.grid_save:
        told = {"info": result.infotexts[0], "extension": opts.grid_format, "grid": True, "p": result}
        images.save_image(whole, p.outpath_grids, "xyz_grid", seed=result.seed, prompt=result.prompt, **told)
    return result
