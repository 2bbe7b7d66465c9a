"""Where the hosts' samplers run the model, so that something can stand around it for the length of one sampling.

A1111 1.6 to 1.10: each sampler has a CFGDenoiser of its own, whose `model_wrap` is the model as this sampler wants it;
a refiner has it made anew. Forge, reForge, Classic and Neo: the `model_function_wrapper` among the options of a clone
of the UNet's patcher, which the host looks up in `forge_objects` at each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from hires_strategies.errors import StageFailed
from hires_strategies.running.tile_mean import Tile

from .control_list import PerTile

# Runs the model for some tiles, n x B,C,...,h,w, at times t, n x B, with all that it is given besides; for no tile, as
# it was called.
Run = Callable[[torch.Tensor, torch.Tensor, Any, list[Tile]], torch.Tensor]
# Does what a run does for all of x, by runs for some tiles of it; and whether these may be several at once.
Around = Callable[[Run, torch.Tensor, torch.Tensor, Any, bool], torch.Tensor]
Most = tuple[int, int, int]  # tiles that the model sees at once, and their height and width in latents

# What the hosts themselves tell patches in a UNet, by rows of the batch, and of all of them.
_BY_ROWS = {"cond_or_uncond", "uuids", "cond_mark", "cond_indices", "uncond_indices"}
_OF_ALL_ROWS = {"sigmas", "sampling_sigmas"}


@contextmanager
def stand_around(q: Any, around: Around, most: Most) -> Iterator[None]:
    """Within this, the sampler of `q` runs the model through `around`; so it does if a refiner takes over.

    Raises StageFailed if the sampler does not run the model as those of the hosts do.
    """
    denoiser: Any = getattr(q.sampler, "model_wrap_cfg", None)
    patched: list[tuple[Any, Any]] = []

    def patch() -> None:
        objects: Any = getattr(q.sd_model, "forge_objects", None)
        if hasattr(getattr(objects, "unet", None), "clone"):
            patched.append((objects, objects.unet))
            objects.unet = _clone(objects.unet, around, most)
        elif hasattr(denoiser, "model_wrap"):
            _exchange(denoiser, _InnerModel(denoiser.inner_model, around))
        else:
            raise StageFailed(f"the sampler {q.sampler_name} does not let anything stand around the model")

    def update_inner_model(*args: Any, **kwargs: Any) -> None:
        update(*args, **kwargs)
        patch()

    update: Any = getattr(denoiser, "update_inner_model", None)
    others = vars(denoiser).get("update_inner_model") if denoiser is not None else None
    patch()
    try:
        if update is not None:
            denoiser.update_inner_model = update_inner_model
        yield
    finally:
        if update is not None:
            del denoiser.update_inner_model
        if others is not None:
            denoiser.update_inner_model = others
        for objects, unet in reversed(patched):
            objects.unet = unet
        inner = getattr(denoiser, "model_wrap", None)
        if isinstance(inner, _InnerModel):
            _exchange(denoiser, inner.inner)


class _InnerModel:
    """A1111's `model_wrap`, whose attributes it has, with something around it."""

    def __init__(self, inner: Any, around: Around) -> None:
        self.inner, self._around = inner, around

    def __getattr__(self, name: str) -> Any:
        if name in ("inner", "_around"):
            raise AttributeError(name)
        return getattr(self.inner, name)

    def __call__(self, x: torch.Tensor, t: torch.Tensor, **given: Any) -> torch.Tensor:
        def run(x: torch.Tensor, t: torch.Tensor, given: dict[str, Any], _tiles: list[Tile]) -> torch.Tensor:
            made: torch.Tensor = self.inner(x, t, **given)
            return made

        return self._around(run, x, t, given, True)

    forward = __call__


def _exchange(denoiser: Any, model_wrap: Any) -> None:
    """It is a torch module, which lets nothing else take a module's place."""
    if "model_wrap" in vars(denoiser) or "model_wrap" in denoiser._modules:
        del denoiser.model_wrap
    denoiser.model_wrap = model_wrap


def _clone(unet: Any, around: Around, most: Most) -> Any:
    """A patcher whose runs go through `around`; one that another extension has put there does each of these."""
    clone = unet.clone()
    before = unet.model_options.get("model_function_wrapper")
    control = None if getattr(unet, "controlnet_linked_list", None) is None else PerTile(unet.controlnet_linked_list)
    if control is not None:
        clone.controlnet_linked_list = control

    def wrapper(apply_model: Callable[..., torch.Tensor], given: dict[str, Any]) -> torch.Tensor:
        x, c = given["input"], dict(given["c"])
        options = c.pop("transformer_options", None)

        def run(x_in: torch.Tensor, t: torch.Tensor, c: dict[str, Any], tiles: list[Tile]) -> torch.Tensor:
            times = len(x_in) // len(x)
            which = given["cond_or_uncond"] * times
            if options is not None:
                c["transformer_options"] = _repeated(options, len(x), times)
            if control is not None and "control" in c:
                control.put(c, control.seen_in(tiles[0] if tiles else None, x_in, t, c, len(which)))
            if before is None:
                return apply_model(x_in, t, **c)
            made: torch.Tensor = before(apply_model, {"input": x_in, "timestep": t, "c": c, "cond_or_uncond": which})
            return made

        alone = control is not None or before is not None or _tells_more(options or {})
        return around(run, x, given["timestep"], c, not alone)

    clone.set_model_unet_function_wrapper(wrapper)
    _need_less(clone, most)
    return clone


def _tells_more(options: dict[str, Any]) -> bool:
    """Whether patches are there, or told something that nobody here knows how to repeat for a larger batch."""
    unknown = (value for name, value in options.items() if name not in _BY_ROWS | _OF_ALL_ROWS)
    return any(isinstance(value, torch.Tensor) or bool(value) for value in unknown)


def _repeated(options: dict[str, Any], rows: int, times: int) -> dict[str, Any]:
    """What the host tells patches of a batch, for the same batch several times."""
    told = dict(options)  # the model notes there where it is
    if times == 1:
        return told
    for name in told.keys() & _BY_ROWS:
        if name.endswith("_indices"):
            told[name] = [index + rows * time for time in range(times) for index in options[name]]
        else:
            told[name] = torch.cat([options[name]] * times) if name == "cond_mark" else options[name] * times
    return told


def _need_less(unet: Any, most: Most) -> None:
    """The host makes room for all of the picture otherwise, and moves the model out of the way for it."""
    named = "memory_peak_estimation_modifier"  # not in Neo
    count, *sides = most
    needed = unet.model_options.get(named, unet.memory_required)

    def memory_required(input_shape: Any) -> Any:
        return needed([input_shape[0] * count, *input_shape[1:-2], *sides])

    if named in unet.model_options:
        unet.model_options[named] = memory_required
    else:
        unet.memory_required = memory_required
