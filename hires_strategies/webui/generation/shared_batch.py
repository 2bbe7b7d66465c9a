"""A batch of which other machines make a part: what they are asked, and what they made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modules import errors

from hires_strategies.webui.host import infotext, parameters
from hires_strategies.webui.host.processing import ImageArguments, Processing
from hires_strategies.webui.neighbours import distributed

from . import xyz_cell
from .generated_images import recognised
from .job import Job
from .shared_strengths import differing, with_remembered


def send(p: Processing, arguments: Sequence[Any], job: Job) -> None:
    """Let other machines do what this generation does, where the section on `p` says something else.

    A cell of an X/Y/Z plot has its own strategy; our button in the gallery ticks the section; what is remembered of
    strengths that are to be found is remembered here.
    """
    strategies = with_remembered(p, job) if distributed.shares_batches(p) else job.request.strategies
    if xyz_cell.asked(p) or strategies != job.request.strategies:
        arguments = xyz_cell.as_arguments(arguments, strategies)
    distributed.send(p, arguments)
    job.prompts = (p.prompt, p.negative_prompt)


def begin(p: Processing) -> None:
    """Before anything is asked of other machines."""
    try:
        distributed.share_once(p)
        distributed.forget_old_answers(p)
    except Exception:  # a version of the other extension that is not known
        errors.report("Hires strategies: old answers of other machines cannot be taken away", exc_info=True)


def collect(p: Processing, job: Job) -> None:
    """Wait for what other machines make of the batch, once; what is missing is said in sentences."""
    if job.shares is not None:
        return
    job.shares = []
    try:
        job.shares = distributed.shares(p, job.prompts)
    except Exception:  # a version of the other extension that is not known
        errors.report("Hires strategies: what other machines made cannot be read", exc_info=True)
        p.comment("Hires strategies: what other machines made cannot be read: only their generated images are there.")
    job.shares = [replace(share, trouble=share.trouble or differing(job, share)) for share in job.shares]
    for share in job.shares:
        if share.trouble:
            p.comment(f"Hires strategies: {share.trouble}")
        strategies = [each.record.get("strategy") for each in share.generated]
        parameters.append(p, infotext.KEY, strategies)


def leave_as_made(p: Processing, job: Job, arguments: ImageArguments) -> None:
    """Give an image that another machine made back as it was: it has been finished there, and this host does so again.

    Image p.batch_index of the host's list, in the last hook that it goes through.
    """
    batch = job.batch_of(p)
    own = [each.image for share in job.shares or () for each in share.generated if each.record]
    if batch is None or not own or p.batch_index not in batch.images.came_as:
        return
    places, found = zip(*batch.images.came_as.items())
    which = recognised([None] * len(found), own, found)[places.index(p.batch_index)]
    if which is not None:
        arguments.image = own[which]
