"""A picture of a folder before its generation: read, checked, and known by everything that its results depend on."""

from __future__ import annotations

import hashlib
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.notation.text import format_strategy
from hires_strategies.running.encoded_image import header, read_picture
from hires_strategies.webui.host.forks import loaded
from hires_strategies.webui.host.forks.guidance import distilled_cfg
from hires_strategies.webui.host.forks.latent_shape import size_rules
from hires_strategies.webui.host.forks.samplers import scheduler_of
from hires_strategies.webui.host.processing import Processing, opts
from hires_strategies.wording import describe

from . import detail, first_image, folder_path, of_folder
from .done import key_of
from .request import BESIDE, Request

# Of `p`, besides what forks name differently.
_MADE_FROM = (
    "prompt", "negative_prompt", "styles", "seed", "subseed", "subseed_strength", "seed_resize_from_w",
    "seed_resize_from_h", "steps", "cfg_scale", "sampler_name", "batch_size", "n_iter", "override_settings",
)  # fmt: skip
_SETTINGS = ("sd_model_checkpoint", "CLIP_stop_at_last_layers", "samples_format")


@dataclass(frozen=True)
class Waiting:
    """A picture that is to be done. `key`: what its results are known by; see done.py."""

    path: Path
    key: str


def look_at(p: Processing, path: Path, request: Request) -> Waiting:
    """Read a picture's file, but decode no pixels. Raises StrategyError for what can be told to be impossible."""
    data = _bytes(path, p.is_api)
    q = _own(p)
    first_image.take_texts(q, header(data, path.name), request.picture_texts)
    return Waiting(path, key_of([path.name, hashlib.sha256(data).hexdigest(), _asked(q, request), _made_from(q)]))


def generation_of(p: Processing, waiting: Waiting, request: Request, limits: Limits) -> Processing:
    """The `p` of a picture's own generation. Raises StrategyError if there is no such picture."""
    sides = size_rules().smallest, limits.longest_side
    image = read_picture(_bytes(waiting.path, p.is_api), sides, waiting.path.name)
    q = _own(p)
    q.do_not_save_samples = False
    q.override_settings["samples_save"] = True
    beside = None
    if request.results == BESIDE:
        beside = waiting.path
        q.outpath_samples = q.outpath_grids = str(waiting.path.parent)
        q.override_settings.update(of_folder.naming(q))
    of_folder.hang(q, of_folder.OfFolder(image, beside))
    return q


def _own(p: Processing) -> Processing:
    """A copy of `p`, which has not begun, for a generation of its own."""
    q = copy(p)
    q.extra_generation_params = dict(p.extra_generation_params)
    q.override_settings = dict(p.override_settings)
    q.styles = list(p.styles or [])
    q.comments = {}
    return q


def _bytes(path: Path, is_api: bool) -> bytes:
    if not folder_path.may_read(path, is_api):
        raise StrategyError("It is a link to a file that does not lie in a folder that the API may read.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise StrategyError(f"The file cannot be read: {describe(error)}") from None


def _asked(q: Processing, request: Request) -> list[Any]:
    texts = [format_strategy(strategy) for strategy in request.strategies]
    returned = [request.stages, request.first_pass, request.sheet, request.crops, request.results]
    return [texts, *returned, detail.of_every_variant(q, request)]


def _made_from(q: Processing) -> dict[str, Any]:
    """A random seed is none of it: whatever it was, the results are what was asked for."""
    options = {name: opts().data.get(name) for name in _SETTINGS}
    values = {name: getattr(q, name, None) for name in _MADE_FROM}
    if (scale := distilled_cfg(q)) is not None:
        values["distilled_cfg_scale"] = scale
    return {**values, "scheduler": scheduler_of(q), "vae": loaded.vae_file(), "options": options}
