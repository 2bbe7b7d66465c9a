"""What a plan costs: in model evaluations, and in first passes."""

from __future__ import annotations

from .plan import FirstPass, Node, Plan, Sampling

# Model evaluations of k-diffusion's samplers for n steps: one each, or two each but for the last step, which ends at
# sigma 0 and is an Euler step. Samplers that choose their own steps have no number.
_TWO_EACH = ("Heun", "DPM2", "DPM2 a", "DPM++ 2S a", "DPM++ SDE")
_UNKNOWN = ("DPM fast", "DPM adaptive", "Restart", "HeunPP2", "UniPC", "PLMS")
_TIMESTEP_SAMPLERS = ("DDIM", "DDIM CFG++")


def sampler_evaluations(sampler: str | None, steps: int, second_pass: bool) -> int | None:
    """Model evaluations for `steps` steps of a sampler; None where they are not known beforehand.

    Exact for Euler, Euler a and DPM++ 2M. `second_pass` is true where sampling starts from a picture.
    """
    name = (sampler or "Euler").removesuffix(" Karras").removesuffix(" Exponential")
    if name in _UNKNOWN:
        return None
    if name in _TWO_EACH:
        return 2 * steps - 1
    if name in _TIMESTEP_SAMPLERS and second_pass:
        return max(steps - 1, 1)  # the host's sample_img2img takes timesteps[:t_enc], t_enc = steps - 1
    return steps


def node_evaluations(node: Node, first_pass: FirstPass) -> int | None:
    """Model evaluations of one stage: 0 where it only upscales, None where not known beforehand."""
    if node.sampling is None:
        return 0
    return sampler_evaluations(
        node.sampling.sampler or first_pass.sampler, node.steps, node.sampling.denoising_strength is not None
    )


def plan_evaluations(plan: Plan) -> int | None:
    """Model evaluations of a run, its first pass included, for a batch of any size. None where not known."""
    first = plan.first_pass
    counts = [node_evaluations(node, first) for node in plan.stages]
    if plan.needs_first_pass:
        counts.append(sampler_evaluations(first.sampler, first.steps, False))
    return None if None in counts else sum(count for count in counts if count is not None)


def node_cost(node: Node, first_pass: FirstPass) -> float:
    """A stage's sampling in first passes: steps x pixels over the first pass's steps x pixels.

    Attention grows faster than that, and a pixel upscaler and the autoencoder take their time too: it is a lower bound
    until the machine's own times are known.
    """
    return _work(node.width, node.height, node.sampling) / (first_pass.width * first_pass.height * first_pass.steps)


def plan_cost(plan: Plan) -> float:
    """What a run costs in first passes, its own first pass included (if it needs one)."""
    return (1.0 if plan.needs_first_pass else 0.0) + sum(node_cost(node, plan.first_pass) for node in plan.stages)


def _work(width: int, height: int, sampling: Sampling | None) -> int:
    return width * height * sampling.steps if sampling else 0
