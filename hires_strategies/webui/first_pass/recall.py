"""First passes of this WebUI: computed by the host, remembered, and taken from memory when they recur."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from modules import errors, sd_samplers, shared

from hires_strategies.running.first_pass_store import FirstPasses, Recalled, Traces
from hires_strategies.running.no_key import NoKey
from hires_strategies.webui import settings
from hires_strategies.webui.host import generator, progress
from hires_strategies.webui.host.parameters import recorded
from hires_strategies.webui.host.processing import Processing

from .key import keys_of

_MEMORY = FirstPasses()
_PLAIN = (str, int, float, bool, type(None))
# How far one image's latents may differ between batches: batched kernels round differently. Measured: 1e-5 to 1e-2
# with samplers that add noise; a different picture is near 1.
_SAME_PICTURE = 0.2
_DROPPED = "it was remembered no longer; how many are remembered, and in how much memory, are settings."
NOT_ASKED = "First pass not remembered: the request says so (reuse_first_pass: false)."


class FirstPassOfBatch:
    """One batch's first pass: `compute` runs the host's sampling, `inner` is another extension's p.sample.

    `why_not`: a sentence if it was not remembered, or was remembered and could not be used; known once it has run.
    """

    def __init__(self, p: Processing, compute: Callable[[], Any], inner: Any) -> None:
        self.p = p
        self.compute = compute
        self.why_not: str | None = None
        self.keys = self._keys(inner)

    def obtain(self) -> tuple[Any, bool]:
        """A ticked generation's first pass, and whether it came from memory. The user is told which, or why not."""
        found = self.recall()
        if found is not None:
            self.p.comment("Hires strategies: first pass reused.")
            return found, True
        dropped = self.keys is not None and _MEMORY.has_dropped(self.keys)
        samples = self.compute_and_remember()
        if self.why_not is None and dropped:
            self.why_not = f"First pass not reused: {_DROPPED}"
        if self.why_not is not None:
            self.p.comment(f"Hires strategies: {self.why_not}")
        return samples, False

    def compute_and_remember(self) -> Any:
        """What the host computes, kept for later if possible."""
        samples, parameters = recorded(self.p, self.compute)
        if self.keys is not None:
            self._say_not_remembered(self._remember(self.keys, samples, parameters))
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
            generator.restore(found.traces.generators)
        return found.latents.to(shared.device)

    def _remember(self, keys: list[str], samples: Any, parameters: dict[str, Any]) -> str | None:
        """Keep what was computed; a sentence if that cannot be."""
        if (how := progress.stopped()) is not None:
            return f"The user {how} it."
        if (reason := _unfit(samples, len(keys), parameters)) is not None:
            return reason
        traces = Traces(parameters, generator.states(), getattr(self.p.sampler, "eta", None))
        return _MEMORY.remember(keys, samples, traces)

    def _say_not_remembered(self, reason: str | None) -> None:
        if reason is not None:
            self.why_not = f"First pass not remembered: {reason}"
            logging.getLogger(__name__).info(self.why_not)

    def _keys(self, inner: Any) -> list[str] | None:
        """One key per image, or None if nothing may be remembered."""
        if not settings.remembers_first_passes():
            _MEMORY.clear()
            self._say_not_remembered("The settings turn that off.")
            return None
        _MEMORY.limit(*settings.first_pass_limits())
        p = self.p
        if p.enable_hr:
            self._say_not_remembered("Hires. fix is on.")
            return None
        try:
            return keys_of(p, p.c, p.uc, inner)
        except NoKey as reason:
            self._say_not_remembered(str(reason))
        except Exception as error:  # an unexpected host or extension: better to work without than not at all
            errors.report("Hires strategies: this first pass cannot be remembered", exc_info=True)
            self._say_not_remembered(f"Unexpected error ({type(error).__name__}).")
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


def _unfit(samples: Any, count: int, parameters: dict[str, Any]) -> str | None:
    """A sentence unless samples are latents, one per image, and the values written hold for any one image (no list,
    no code)."""
    if not isinstance(samples, torch.Tensor) or len(samples) != count:
        return f"What was sampled is no batch of latents, one for each image (found {type(samples).__qualname__})."
    odd = [name for name, value in parameters.items() if type(value) not in _PLAIN]
    return f"The generation parameter '{odd[0]}' is neither a text nor a number." if odd else None
