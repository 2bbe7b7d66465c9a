"""The samplers by name."""

from __future__ import annotations

from modules import sd_samplers_common, sd_samplers_kdiffusion, sd_samplers_timesteps, sd_schedulers, shared

sample_to_image = sd_samplers_common.sample_to_image

all_samplers = [
    *sd_samplers_kdiffusion.samplers_data_k_diffusion,
    *sd_samplers_timesteps.samplers_data_timesteps,
]
all_samplers_map = {sampler.name: sampler for sampler in all_samplers}
samplers = all_samplers


def find_sampler_config(name):
    """The sampler of a name, None for an unknown one, the first for no name."""
    return all_samplers[0] if name is None else all_samplers_map.get(name)


def create_sampler(name, model):
    """A new sampler, bound to the loaded model."""
    config = find_sampler_config(name)
    assert config is not None, f"bad sampler name: {name}"
    sampler = config.constructor(model)
    sampler.config = config
    return sampler


def visible_samplers():
    """Those that are not hidden in the settings."""
    return [sampler for sampler in samplers if sampler.name not in shared.opts.hide_samplers]


def visible_sampler_names():
    """The names of those that are not hidden in the settings."""
    return [sampler.name for sampler in visible_samplers()]


def get_sampler_and_scheduler(sampler_name, scheduler_name, *, convert_automatic=True):
    """(sampler, scheduler label), also from combined names ("DPM++ 2M Karras"). Unknown names become the first."""
    name = sampler_name or samplers[0].name
    scheduler = sd_schedulers.schedulers_map.get(scheduler_name, sd_schedulers.schedulers[0])
    for other in sd_schedulers.schedulers:
        for ending in (other.label, other.name, *(other.aliases or [])):
            if name.endswith(f" {ending}"):
                name, scheduler = name[: -len(ending) - 1], other
    sampler = all_samplers_map.get(name, samplers[0])
    if convert_automatic and sampler.options.get("scheduler") == scheduler.name:
        scheduler = sd_schedulers.schedulers[0]
    return sampler.name, scheduler.label


def fix_p_invalid_sampler_and_scheduler(p):
    """Put known names into p: an unknown sampler silently becomes the first one."""
    p.sampler_name, p.scheduler = get_sampler_and_scheduler(p.sampler_name, p.scheduler, convert_automatic=False)


def get_sampler_from_infotext(d: dict):
    """The sampler that infotext names."""
    return get_sampler_and_scheduler(d.get("Sampler"), d.get("Schedule type"))[0]


def get_scheduler_from_infotext(d: dict):
    """The scheduler that infotext names."""
    return get_sampler_and_scheduler(d.get("Sampler"), d.get("Schedule type"))[1]


def get_hr_sampler_and_scheduler(d: dict):
    """Those of the second pass; "Use same ..." where they are the first pass's."""
    same_sampler, same_scheduler = "Use same sampler", "Use same scheduler"
    sampler, scheduler = d.get("Hires sampler", same_sampler), d.get("Hires schedule type", same_scheduler)
    sampler = d.get("Sampler") if sampler == same_sampler else sampler
    scheduler = d.get("Schedule type") if scheduler == same_scheduler else scheduler
    sampler, scheduler = get_sampler_and_scheduler(sampler, scheduler)
    return (
        same_sampler if sampler == d.get("Sampler") else sampler,
        same_scheduler if scheduler == d.get("Schedule type") else scheduler,
    )


def get_hr_sampler_from_infotext(d: dict):
    """The second pass's sampler that infotext names."""
    return get_hr_sampler_and_scheduler(d)[0]


def get_hr_scheduler_from_infotext(d: dict):
    """The second pass's scheduler that infotext names."""
    return get_hr_sampler_and_scheduler(d)[1]
