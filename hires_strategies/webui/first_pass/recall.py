"""First passes of this WebUI: computed by the host, remembered, and taken from memory when they recur."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from modules import devices, errors, sd_samplers, shared

from hires_strategies.running.fingerprint import NoKey
from hires_strategies.running.first_pass_store import FirstPasses, Recalled, Traces
from hires_strategies.webui import settings
from hires_strategies.webui.host import progress
from hires_strategies.webui.host.parameters import recorded
from hires_strategies.webui.host.processing import Processing

from .key import keys_of

_MEMORY = FirstPasses()
_PLAIN = (str, int, float, bool, type(None))
# How far one image's latents may differ between batches: batched kernels round differently. Measured: 1e-5 to 1e-2
# with samplers that add noise; a different picture is near 1.
_SAME_PICTURE = 0.2


class FirstPassOfBatch:
    """One batch's first pass: `compute` runs the host's sampling, `inner` is another extension's p.sample."""

    def __init__(self, p: Processing, compute: Callable[[], Any], inner: Any) -> None:
        self.p = p
        self.compute = compute
        self.keys = self._keys(inner)

    def compute_and_remember(self) -> Any:
        """What the host computes, kept for later if possible."""
        samples, parameters = recorded(self.p, self.compute)
        if self.keys is not None and progress.stopped() is None and _can_be_kept(samples, len(self.keys), parameters):
            _MEMORY.remember(
                self.keys, samples, Traces(parameters, _generators(), getattr(self.p.sampler, "eta", None))
            )
        return samples

    def recall(self) -> Any | None:
        """The same first pass from memory, with everything it leaves behind; None if it is not there."""
        found = _MEMORY.recall(self.keys) if self.keys is not None else None
        if found is None:
            return None
        if settings.audit():
            self._audit(found)
        p = self.p
        p.sampler = sd_samplers.create_sampler(p.sampler_name, p.sd_model)  # texts ask it for its eta
        p.sampler.eta = found.traces.eta
        p.extra_generation_params.update(found.traces.parameters)
        if found.same_batch:
            _restore_generators(found.traces)
        return found.latents.to(shared.device)

    @property
    def was_dropped(self) -> bool:
        """Whether it was remembered once but the limits forced it out."""
        return self.keys is not None and _MEMORY.has_dropped(self.keys)

    def _keys(self, inner: Any) -> list[str] | None:
        """One key per image, or None if nothing may be remembered."""
        if not settings.remembers_first_passes():
            _MEMORY.clear()
            return None
        _MEMORY.limit(*settings.first_pass_limits())
        p = self.p
        if p.enable_hr:
            return None
        try:
            return keys_of(p, p.c, p.uc, inner)
        except NoKey as reason:
            logging.getLogger(__name__).info("This first pass is not remembered. %s", reason)
            return None
        except Exception:  # an unexpected host or extension: better to work without than not at all
            errors.report("Hires strategies: this first pass cannot be remembered", exc_info=True)
            return None

    def _audit(self, found: Recalled) -> None:
        """Compute the first pass after all and require that it equals the remembered one."""
        computed = recorded(self.p, self.compute)[0].cpu()
        if progress.stopped() is not None:
            return
        difference = (computed.float() - found.latents.float()).abs().mean() / computed.float().std()
        if not (torch.equal(computed, found.latents) if found.same_batch else difference < _SAME_PICTURE):
            raise RuntimeError(
                f"Hires strategies: the remembered first pass is not the one of this generation; they differ by "
                f"{float(difference):.2g} of their spread."
            )


def _can_be_kept(samples: Any, count: int, parameters: dict[str, Any]) -> bool:
    """Whether samples are latents, one per image, and the values written hold for any one image (no list, no code)."""
    if not isinstance(samples, torch.Tensor) or len(samples) != count:
        return False
    return all(type(value) in _PLAIN for value in parameters.values())


def _generators() -> dict[str, torch.Tensor]:
    """The states of torch's generators, from which encoding a picture draws."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available() and devices.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(devices.device)
    return states


def _restore_generators(traces: Traces) -> None:
    torch.set_rng_state(traces.generators["cpu"])
    if "cuda" in traces.generators:
        torch.cuda.set_rng_state(traces.generators["cuda"], devices.device)
