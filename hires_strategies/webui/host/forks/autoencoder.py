"""How the hosts run an autoencoder in tiles."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from modules import shared

_FLAG = "VAE_ALWAYS_TILED"


@contextmanager
def always_tiled() -> Iterator[bool]:
    """For the length of a `with`, the host itself encodes and decodes in tiles; False where it has no way of its own.

    Forge, reForge, Classic and Neo have the flag in the module that manages their memory, which the one of their
    autoencoder knows by one of two names. Their own extension "Never OOM" sets it for good.
    """
    vae = getattr(getattr(shared.sd_model, "forge_objects", None), "vae", None)
    owner = _owner_of_flag(vae)
    if owner is None:
        yield False
        return
    before = getattr(owner, _FLAG)
    heeding = _that_heed_it(vae)
    setattr(owner, _FLAG, True)
    for name, method in heeding.items():
        setattr(vae, name, method)
    try:
        yield True
    finally:
        setattr(owner, _FLAG, before)
        for name in heeding:
            vars(vae).pop(name, None)


def _owner_of_flag(vae: Any) -> Any | None:
    module = sys.modules.get(type(vae).__module__)
    managers = (getattr(module, name, None) for name in ("memory_management", "model_management"))
    return next((manager for manager in managers if hasattr(manager, _FLAG)), None)


def _that_heed_it(vae: Any) -> dict[str, Any]:
    """What has to stand in for methods of `vae` that do not look at the flag.

    In reForge only `decode_inner` and `encode_inner` do, which `decode` and `encode` once called, as Forge's do.
    """
    pairs = [(name, f"{name}_inner") for name in ("decode", "encode")]
    return {
        name: getattr(vae, inner)
        for name, inner in pairs
        if hasattr(vae, inner) and name not in vars(vae) and not _calls(getattr(type(vae), name), inner)
    }


def _calls(method: Any, name: str) -> bool:
    code = getattr(method, "__code__", None)  # of one that another extension put there, who knows
    return code is None or name in code.co_names


def halves() -> list[tuple[torch.nn.Module, bool]]:
    """The networks of the loaded model's autoencoder that pictures go through, each with whether it takes latents.

    A1111 has them under these names in the autoencoders of all its models. One whose `forward` was replaced is left
    out: the extension "Tiled VAE" does that, and has its own tiles.
    """
    model = getattr(shared.sd_model, "first_stage_model", None)
    named = [(getattr(model, name, None), name == "decoder") for name in ("encoder", "decoder")]
    return [
        (network, decodes)
        for network, decodes in named
        if isinstance(network, torch.nn.Module) and "forward" not in vars(network)
    ]
