"""Prompts of a stage -> conditioning, with the extra networks (LoRA and others) that the prompts name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

from modules import devices, extra_networks, prompt_parser, sd_samplers

from hires_strategies.planning.plan import Node, Sampling
from hires_strategies.stage_options import OPTIONS

from . import one_image, parameters
from .forks.guidance import conditioning_fields
from .forks.second_pass import encodes_with_first_networks
from .processing import Networks, Processing
from .stage_prompts import StagePrompts


class Conditioning:
    """Conditioning of the stages of one batch, kept per prompt, size and steps; and which networks are active."""

    def __init__(self, p: Processing, prompts: StagePrompts) -> None:
        self.p = p
        self.prompts = prompts
        self.made: dict[tuple[object, ...], _Made] = {}
        self.first_networks = p.hr_extra_network_data if p.enable_hr else p.extra_network_data
        self.active = _network_key(self.first_networks)

    def for_stage(self, q: Processing, node: Node) -> tuple[Any, Any]:
        """Activate the stage's networks and return its conditioning (positive, negative), computed once.

        Like the host in each pass, activate networks even if they are active already: scripts rely on it.
        """
        assert node.sampling is not None
        prompts, negatives, networks = self._prompts(node.sampling)
        _set_prompts(q, prompts, negatives, networks)
        encoders = self._networks_of_encoder(q, node.sampling, networks)
        key = (
            *prompts,
            None,
            *negatives,
            *_fields(q, node).values(),
            node.steps,
            *(getattr(node.sampling, option.field) for option in OPTIONS if option.conditions),
            q.is_hr_pass,
            _network_key(encoders),
        )
        if key not in self.made and _network_key(encoders) != _network_key(networks):
            self._activate(q, encoders)
            self.made[key] = self._compute(q, node, prompts, negatives, networks)
        self._activate(q, networks)
        if key not in self.made:
            self.made[key] = self._compute(q, node, prompts, negatives, networks)
        made = self.made[key]
        q.extra_generation_params.update(made.written)
        return one_image.conditioning(made.conds, q)

    def forget_active(self) -> None:
        """Which networks are active is unknown: others ran generations meanwhile."""
        self.active = ""

    def restore_networks(self) -> None:
        """Reactivate the first pass's networks, as the host left them, if a stage had others."""
        if self.active != _network_key(self.first_networks):
            q = copy(self.p)  # what activation writes is there already
            q.extra_generation_params = {}
            self._activate(q, self.first_networks)

    def _prompts(self, sampling: Sampling) -> tuple[list[str], list[str], Networks | None]:
        """Prompts without network tags, negative prompts, networks."""
        p = self.p
        if p.enable_hr and sampling.denoising_strength is not None:
            first, negatives = (p.hr_prompts, p.hr_extra_network_data), p.hr_negative_prompts
        else:
            first, negatives = (p.prompts, p.extra_network_data), p.negative_prompts
        prompts, networks = self.prompts.positive(sampling, first)
        return prompts, self.prompts.negative(sampling, negatives), networks

    def _networks_of_encoder(self, q: Processing, sampling: Sampling, networks: Networks | None) -> Networks | None:
        """The networks that are active while the prompts are encoded: the first pass's if a setting says so, but with
        its checkpoint alone, as the host reads that setting."""
        if q.is_hr_pass and sampling.checkpoint is None and encodes_with_first_networks():
            return self.p.extra_network_data
        return networks

    def _activate(self, q: Processing, networks: Networks | None) -> None:
        if q.disable_extra_networks:
            return
        self.active = ""  # unknown until it has worked
        with devices.autocast():
            extra_networks.activate(q, networks)
        self.active = _network_key(networks)

    def _compute(
        self, q: Processing, node: Node, prompts: list[str], negatives: list[str], networks: Networks | None
    ) -> _Made:
        fields = _fields(q, node)
        positive = prompt_parser.SdConditioning(prompts, **fields)
        negative = prompt_parser.SdConditioning(negatives, is_negative_prompt=True, **fields)
        config = sd_samplers.find_sampler_config(q.sampler_name)
        steps = config.total_steps(node.steps) if config else node.steps
        # A second pass's prompt editing continues the first pass's: [a:b:0.5] has switched, [a:b:1.5] switches halfway.
        first_steps, second_steps = (q.firstpass_steps, steps) if q.is_hr_pass else (steps, None)

        def compute(function: Any, texts: Any) -> Any:
            # Separate cache slots: the host's key lacks the size, which is part of SDXL's conditioning.
            return q.get_conds_with_caching(function, texts, first_steps, [[None, None, None]], networks, second_steps)

        with devices.autocast(), parameters.written_by_encoder() as by_encoder:
            uc, by_uc = parameters.recorded(q, partial(compute, prompt_parser.get_learned_conditioning, negative))
            c, by_c = parameters.recorded(
                q, partial(compute, prompt_parser.get_multicond_learned_conditioning, positive)
            )
        return _Made((c, uc), {**by_uc, **by_c, **by_encoder})


def _fields(q: Processing, node: Node) -> dict[str, Any]:
    """What conditioning holds besides the prompts. In a stage with tiles its size is theirs, which all of them have:
    SDXL was trained to be told the size of what it sees."""
    fields = conditioning_fields(q)
    if node.tiles is None or node.upscale is None:
        return fields
    factor = node.upscale.factor
    return {**fields, "width": node.tiles.width * factor, "height": node.tiles.height * factor}


@contextmanager
def in_size(q: Any, width: int, height: int) -> Iterator[None]:
    """Within this, a refiner that takes over in a second pass is told this size, as the stage was."""
    setup = q.setup_conds

    def setup_conds() -> None:
        target = q.hr_upscale_to_x, q.hr_upscale_to_y
        q.hr_upscale_to_x, q.hr_upscale_to_y = width, height
        try:
            setup()
        finally:
            q.hr_upscale_to_x, q.hr_upscale_to_y = target

    before = vars(q).get("setup_conds")
    q.setup_conds = setup_conds
    try:
        yield
    finally:
        if before is None:
            del q.setup_conds
        else:
            q.setup_conds = before


@dataclass
class _Made:
    """Conditioning, and the generation parameters written while it was computed."""

    conds: tuple[Any, Any]
    written: dict[str, Any]


def _set_prompts(q: Processing, prompts: list[str], negatives: list[str], networks: Networks | None) -> None:
    """Those of the image that `q` is for, where it is for one."""
    if (one := one_image.of(q)) is not None:
        if q.refiner_checkpoint_info is not None:
            one_image.refine_as_in_batch(q, prompts, negatives)
        prompts, negatives = [prompts[one.index]], [negatives[one.index]]
    if q.is_hr_pass:
        q.hr_prompts, q.hr_negative_prompts, q.hr_extra_network_data = prompts, negatives, networks
    else:
        q.prompts, q.negative_prompts, q.extra_network_data = prompts, negatives, networks


def _network_key(networks: Networks | None) -> str:
    """Equal for equal networks: their kinds with the positional and named parameters of each."""
    described = {
        kind: [(getattr(params, "positional", None), getattr(params, "named", None)) for params in many]
        for kind, many in (networks or {}).items()
    }
    return repr(sorted(described.items()))
