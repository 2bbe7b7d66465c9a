"""Where tensors live and in which precision: on the device of the command line, the CPU by default, in float32."""

from __future__ import annotations

import contextlib

import torch

from modules.shared_cmd_options import cmd_opts

cpu = torch.device("cpu")
device = torch.device(cmd_opts.device)
dtype = torch.float32
dtype_vae = torch.float32
dtype_unet = torch.float32
unet_needs_upcast = False


def torch_gc():
    """Free cached GPU memory; a CPU has none."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def autocast(disable=False):
    """The precision that models run in; nothing to cast in float32."""
    return contextlib.nullcontext()


def without_autocast(disable=False):
    """Full precision inside an autocast."""
    return contextlib.nullcontext()


class NansException(Exception):
    """A model's output is not a number."""


def test_for_nans(x, where):
    """Raises NansException if x starts with a NaN (the host looks at the first element only)."""
    from modules import shared

    if shared.cmd_opts.disable_nan_check or not torch.isnan(x[(0,) * len(x.shape)]):
        return
    place = {"unet": "Unet", "vae": "VAE"}.get(where, where)
    raise NansException(f"A tensor with NaNs was produced in {place}.")
