"""A plan for people; answer.py has it for programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace

from hires_strategies.notation.text import format_stage
from hires_strategies.stage_options import NO_REFINER
from hires_strategies.wording import shorten

from .cost import costs, node_cost, search_cost
from .order import model_changes
from .plan import FirstPass, Node, Plan, Sampling
from .schedules import by_formula
from .sizes import Upscale
from .sought import TO_FIND
from .start import OWN
from .suggestions import suggestions

# What the host does anyway when it skips an upscaler.
_RESAMPLING = ("None", "Lanczos")

# Below this denoising strength the sampling after a latent upscale leaves its blur, as users of Hires. fix report.
SHARP_FROM = 0.5

# Returns a stage's start sigma; the second argument is what the stage starts from.
StartSigma = Callable[[Sampling, FirstPass], float | None]


def start_of(node: Node, first: FirstPass, sigma_of: StartSigma) -> float | None:
    """A stage's start sigma; None if it is unknown or still to be found, or if the stage starts from noise alone."""
    if node.sampling is None or node.auto:
        return None
    sigma = node.sampling.start_sigma or sigma_of(node.sampling, first)
    return None if sigma is None or math.isinf(sigma) else sigma


def strength_of(node: Node, first: FirstPass, sigma_of: StartSigma) -> float | None:
    """A stage's denoising strength; None for none, where it is still to be found, and where nobody knows yet which one
    its start sigma stands for."""
    sampling = node.sampling
    if sampling is None or sampling.auto or (sampling.start_sigma is not None and sigma_of(sampling, first) is None):
        return None
    return sampling.denoising_strength


def as_text(plan: Plan) -> str:
    """Several lines: the variants, the tree, what merges, the cost."""
    first = plan.first_pass
    lines = [f"{_count(len(plan.variants), 'variant')}:"]
    lines += [f"  {number}. {variant.text}" for number, variant in enumerate(plan.variants, start=1)]
    if plan.needs_first_pass:
        asked = "" if first.made == (first.width, first.height) else f" (asked for {first.width}x{first.height})"
        lines.append(f"First pass: {first.made[0]}x{first.made[1]}{asked}, {_count(first.steps, 'step')}")
    else:
        lines.append("No first pass:")
    lines += _branch(plan, None, 1)
    lines += merges(plan) + remarks(plan) + warnings(plan) + suggestions(plan)
    lines.append(f"Cost: about {_cost_in_words(plan)} first passes of sampling" + loading(plan))
    return "\n".join(lines)


def _cost_in_words(plan: Plan) -> str:
    least, cost = (f"{each:.1f}" for each in costs(plan))
    return cost if least == cost else f"{least} to {cost}"


def loading(plan: Plan) -> str:
    """What a plan's cost does not contain: how often a model is loaded; "" for never."""
    changes = model_changes(plan)
    return f", and {_count(changes, 'model load')}" if changes else ""


def merges(plan: Plan, made: Collection[int] | None = None) -> list[str]:
    """One sentence for each variant that gives the same picture as an earlier one, if its last stage is in `made`.

    `made`: indices of stages; None for all.
    """
    return [
        f"Same picture, made once: {variant.text} = {plan.variants[variant.same_as].text}"
        for variant in plan.variants
        if variant.same_as is not None and (made is None or variant.node in made)
    ]


def remarks(plan: Plan) -> list[str]:
    """One sentence for each stage that does something other than its text suggests."""
    told = _starts(plan) + _idle(plan)
    told += [sentence for node in plan.stages for sentence in _remarks(plan, node)]
    first = plan.first_pass
    refined = any(node.sampling and first.refiner_of(node.sampling) for node in plan.stages)
    if first.refiner != NO_REFINER and not refined:
        told.append(f"No stage here samples with the refiner '{first.refiner}', which is set for second passes.")
    return list(dict.fromkeys(told))


def _starts(plan: Plan) -> list[str]:
    """How stages start otherwise than by a step of their schedule. The usual case is told once for all of them."""
    sentences = list(dict.fromkeys(sentence for _, sentence in plan.told))
    own = [sentence for sentence in sentences if sentence.endswith(OWN)]
    if len(own) < 2:
        return sentences
    first, others = own[0].removesuffix(OWN), _count(len(own) - 1, "other stage")
    every = f"{first} and {others} start between two steps of their schedules, by lists of sigmas of their own."
    return [every, *(sentence for sentence in sentences if sentence not in own)]


def _idle(plan: Plan) -> list[str]:
    """One sentence for each stage that says when a refiner takes over, and has none."""
    idle = []
    for variant, strategy in zip(plan.variants, plan.strategies, strict=True):
        for node, stage in zip(plan.path(variant.node), strategy.stages, strict=True):
            if stage.refiner_at and node.sampling and not plan.first_pass.refiner_of(node.sampling):
                idle.append(f"'{format_stage(stage)}' has no refiner that could take over at {stage.refiner_at:g}.")
    return list(dict.fromkeys(idle))


def _remarks(plan: Plan, node: Node) -> list[str]:
    upscale = node.upscale
    parent = None if node.parent is None else plan.stages[node.parent]
    untold = ["What scripts do by 'detail' takes time that no cost here contains."] if node.detail else []
    own = [] if upscale is None else _of_upscale(plan, node, upscale, parent)
    return [*untold, *_in_places(plan, node), *own]


def _in_places(plan: Plan, node: Node) -> list[str]:
    """What a stage costs that is sampled only where it is needed, beside what it would cost sampled at once."""
    if node.where is None or node.tiles is None or node.sampling is None:
        return []
    at_once = replace(node, tiles=None, sampling=replace(node.sampling, where=None))
    cost, whole = (f"{node_cost(each, plan.first_pass):.1f}" for each in (node, at_once))
    least = "" if node.places else ", as many as the picture then needs"
    return [
        f"'{shorten(node.text)}' is sampled in {tiles_in_words(node)}{least}: {cost} first passes instead of {whole}."
    ]


def tiles_in_words(node: Node) -> str:
    """How many tiles a stage is sampled in, "2 of 9 tiles" where it is not sampled everywhere."""
    assert node.tiles is not None
    if node.where is None:
        return _count(len(node.tiles), "tile")
    if not node.places:
        return f"at most {_count(len(node.tiles), 'tile')}"
    return f"{len(node.tiles)} of {_count(node.tiles.everywhere, 'tile')}"


def _of_upscale(plan: Plan, node: Node, upscale: Upscale, parent: Node | None) -> list[str]:
    if upscale.latent:
        blurred = f"'{node.text}' is the upscale alone: latents that are enlarged and not sampled again give a blur."
        pixels = parent.changed_as_picture if parent else ""
        encoded = (
            f"'{node.text}' enlarges latents, and the '{pixels}' before it changes pixels: they are encoded between."
        )
        return [*([encoded] if pixels else []), *([] if node.sampling else [blurred])]
    if _grows(plan, node) or upscale.at_own_size or upscale.upscaler in _RESAMPLING:
        return []
    return [
        f"'{node.text}' does without its upscaler, which the host uses only where a picture grows: Lanczos does any "
        f"resizing, as in Hires. fix."
    ]


def warnings(plan: Plan) -> list[str]:
    """Sentences that say what will look bad, and what to do about it."""
    blurred = [node for node in plan.stages if _stays_blurred(plan, node)]
    if not blurred:
        return []
    more = "" if len(blurred) == 1 else f" and {_count(len(blurred) - 1, 'more stage')}"
    return [
        f"'{blurred[0].text}'{more} will probably look blurred: below a denoising strength of {SHARP_FROM:g} too "
        f"little is drawn anew after a latent upscale. Use {SHARP_FROM:g} to 0.7, or a pixel upscaler such as R-ESRGAN "
        f"4x+."
    ]


def _stays_blurred(plan: Plan, node: Node) -> bool:
    """One that was found lies above what leaves a blur with this model, whatever most users say of theirs."""
    if node.upscale is None or not node.upscale.latent or node.sampling is None or node.auto:
        return False
    strength = node.sampling.denoising_strength
    if strength is None or (node.found is not None and strength >= node.found.strength):
        return False
    return strength < SHARP_FROM and _grows(plan, node)


def _grows(plan: Plan, node: Node) -> bool:
    """Whether the stage's upscale makes a side longer."""
    assert node.upscale is not None
    width, height = plan.source(node)
    return node.upscale.width > width or node.upscale.height > height


def _branch(plan: Plan, parent: int | None, depth: int) -> list[str]:
    lines = []
    for node in plan.children(parent):
        lines.append("  " * depth + _describe(plan, node))
        lines += _branch(plan, node.index, depth + 1)
    return lines


def _describe(plan: Plan, node: Node) -> str:
    """One stage in words: its text, size, steps, start sigma and cost."""
    words = [f"{node.width}x{node.height}"]
    if node.sampling:
        words.append(_count(node.steps, "step"))
        if node.tiles and node.upscale:
            factor = node.upscale.factor
            words.append(f"{tiles_in_words(node)} of {node.tiles.width * factor}x{node.tiles.height * factor}")
        sigma = start_of(node, plan.first_pass, by_formula)
        if sigma is not None:
            words.append(f"start sigma {sigma:{'g' if node.sampling.start_sigma else '.2f'}}")
        if node.auto:
            looking = f"{TO_FIND} ({search_cost(node, plan.first_pass):.1f} first passes)"
            words.append(looking if node in plan.searches() else "found by the same evaluations")
        words.append(f"{node_cost(node, plan.first_pass):.1f} first passes")
    else:
        words.append("no sampling")
    return f"{node.text}: {', '.join(words)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
