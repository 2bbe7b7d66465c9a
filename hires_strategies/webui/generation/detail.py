"""What the host does to each generated image before it is saved, done to the further variants as well.

Face restoration, the scripts' `postprocess_image` (ADetailer and its like) and what follows it work on the generated
image alone, that is on the first variant. A further variant goes through the same on a copy of `p` whose texts, place
in the batch and random numbers are those that it would have alone: so it is the same picture alone and in a sweep.
"""

from __future__ import annotations

from copy import copy

from modules import errors
from PIL.Image import Image

from hires_strategies.webui import settings
from hires_strategies.webui.host import each_image, generator, progress
from hires_strategies.webui.host.forks.job import stops_after_this_image
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.neighbours import adetailer
from hires_strategies.wording import describe

from .batch import Batch, Detailed
from .generated_images import text_of
from .request import Request


def of_every_variant(p: Processing, request: Request) -> bool:
    """Whether the host's work on each finished image is done for every variant: as asked, else as set."""
    return (request.detail or settings.detail(p.override_settings)) == "every"


def texts_without(p: Processing, batch: Batch, within: bool) -> list[str] | None:
    """The host's text of each image of the running batch as the stages left it: of all images but those that scripts
    worked on; None if it could not be made. `within`: for paths with stages that scripts worked on."""
    q = copy(p)
    q.restore_faces = within and p.restore_faces
    q.extra_generation_params = dict(batch.parameters) if within else adetailer.without(batch.parameters)
    made = batch.images.made
    try:
        batch.texts.write(q, batch.shown_end)
        return [text_of(q, made, position) for position in range(len(made))]
    except Exception:
        errors.report("Hires strategies: the texts of the further images could not be made", exc_info=True)
        return None


def detail_variants(p: Processing, batch: Batch) -> None:
    """Fill `batch.detailed`; called while the host is at the last image of the batch.

    Whatever happens to a variant, its picture as the stages left it stays, and a sentence says so.
    """
    troubles: dict[str, list[str | None]] = {}
    for variant, images in batch.further_pictures():
        q = _as_if_generated(p, batch, variant)
        for position, image in enumerate(images):
            detailed = _detailed(q, batch, position, image)
            batch.detailed[variant, position] = detailed
            if detailed.error:
                troubles.setdefault(detailed.error, []).append(batch.strategy_of(variant, position))
    for sentence, strategies in troubles.items():
        of = f"'{strategies[0]}'" if len(strategies) == 1 else f"{len(strategies)} pictures of further variants"
        p.comment(f"Hires strategies: {of}: {sentence}")


def _as_if_generated(p: Processing, batch: Batch, variant: int) -> Processing:
    """A copy of `p` as it would be if this variant were the generated image."""
    q = copy(p)
    q.extra_generation_params = dict(batch.parameters)
    node = batch.plan.variants[variant].node
    strategies = [batch.strategy_of(variant, position) for position in range(len(batch.seeds))]
    batch.texts.write(q, batch.reached(node), strategies)
    generator.rewind(batch.seeds[-1])  # p.seeds may have been lengthened by what other machines made
    return q


def _detailed(q: Processing, batch: Batch, position: int, image: Image) -> Detailed:
    if reason := _stopped():
        return Detailed(error=f"No other script worked on the picture: the user {reason} it.")
    q.batch_index = batch.images.index_of(position)
    try:
        with each_image.watched() as troubles:
            finished = each_image.finish(q, image.copy())
        text = text_of(q, batch.images.made, position)
    except Exception as error:
        errors.report("Hires strategies: what the host does to each image failed for a variant", exc_info=True)
        return Detailed(error=f"What the host does to each image failed: {describe(error)}")
    if reason := progress.stopped():
        return Detailed(error=f"What other scripts did to the picture was not finished: the user {reason} it.")
    return Detailed(finished, text, f"A script failed: {troubles[0]}" if troubles else None)


def _stopped() -> str | None:
    return progress.stopped() or ("stopped" if stops_after_this_image() else None)
