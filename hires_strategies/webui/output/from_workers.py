"""The images that other machines made of a batch, put where they would be if this one had made them.

The generated ones are in the answer already, appended by the other extension. They get their texts and records; what
belongs to them goes behind the like images of this machine, and is saved by the same rules.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from PIL.Image import Image

from hires_strategies.webui.generation.generated_images import recognised
from hires_strategies.webui.generation.job import Job
from hires_strategies.webui.generation.selectable_script import selectable_script_runs
from hires_strategies.webui.host import saving
from hires_strategies.webui.host.processing import Processed, Processing, opts
from hires_strategies.webui.neighbours import distributed
from hires_strategies.webui.neighbours.workers_answer import MadeWith, Received, Share

from . import file_names, records
from .records import Record, SheetTile

_KINDS = ("variant", "stage", "first_pass", "sheet")
_PER_IMAGE = {"all_seeds": "seed", "all_subseeds": "subseed", "all_prompts": "prompt",
              "all_negative_prompts": "negative_prompt"}  # fmt: skip


def add_from_workers(p: Processing, processed: Processed, job: Job) -> None:
    """Called when this machine's own images, with their records, are all in the answer."""
    for share in job.shares or ():
        _tell_seeds(processed, share)
        if distributed.has_appended(p, share):
            _tell(processed, share)
        elif not selectable_script_runs(p):
            for each in share.generated:
                _insert(p, processed, each, share)
        for each in share.extras:
            if not selectable_script_runs(p):
                _insert(p, processed, each, share)
            if not selectable_script_runs(p) or each.record.get("kind") != "sheet":
                _save(p, each, share)
    if job.shares:
        _note_troubles(processed, job.shares)
        distributed.leave_texts_to_us(p)


def _tell(processed: Processed, share: Share) -> None:
    """Give the generated images, which are in the answer, their texts and records."""
    start = processed.index_of_first_image
    found = [None if records.of(image) else image for image in processed.images[start:]]
    own = [each.image for each in share.generated]
    for at, which in enumerate(recognised([None] * len(found), own, found)):
        if which is None:
            continue
        image, received = processed.images[start + at], share.generated[which]
        records.hang(image, _record(received, share))
        processed.infotexts[start + at] = received.text
        _write(image, received.text)


def _insert(p: Processing, processed: Processed, received: Received, share: Share) -> None:
    """Put an image behind the last one that comes before it in the documented order."""
    record, first_sheets = _record(received, share), not p.is_api
    own = _rank(record, first_sheets)
    ranks = [_rank(known, first_sheets) if (known := records.of(each)) else None for each in processed.images]
    before = [index for index, rank in enumerate(ranks) if rank is not None and rank <= own]
    is_in_front = first_sheets and record.kind == "sheet"
    index = max(before) + 1 if before else (0 if is_in_front else len(processed.images))
    records.hang(received.image, record)
    _write(received.image, received.text)
    processed.images.insert(index, received.image)
    processed.infotexts.insert(index, received.text)
    processed.index_of_first_image += is_in_front


def _rank(record: Record, first_sheets: bool) -> tuple[int, int, int]:
    """The documented order: further variants, stages, first passes, and sheets last, or first in the page's gallery."""
    kind = _KINDS.index(record.kind) if record.kind in _KINDS else len(_KINDS)
    if record.kind == "sheet" and first_sheets:
        kind = -1
    number = {"variant": record.variant, "stage": record.plan_stage}.get(record.kind, 0)
    return kind, len(_KINDS) * 1000 if number is None else number, record.image or 0


def _record(received: Received, share: Share) -> Record:
    """What the worker's record says, as far as this version knows its keys."""
    known = {field.name for field in fields(Record)}
    told: dict[str, Any] = {key: value for key, value in received.record.items() if key in known}
    told |= {key: tuple(told[key]) for key in ("same_as", "notes") if isinstance(told.get(key), list)}
    if isinstance(told.get("tiles"), list):
        told["tiles"] = tuple(SheetTile(each["strategy"], tuple(each["box"])) for each in told["tiles"])
    if not told:
        told = {"kind": "first_pass", "seed": _made_with(received, share).seed, "error": share.trouble}
    size = {"width": received.image.width, "height": received.image.height, "first_pass_reused": False}
    return Record(**{**size, **told, "image": received.number, "worker": share.worker})


def _save(p: Processing, received: Received, share: Share) -> None:
    """Save an image as one of this machine's own would be; its generated one is saved by the host."""
    record, made = _record(received, share), _made_with(received, share)
    suffixes = {"stage": f"-stage-{(record.plan_stage or 0) + 1}", "first_pass": "-first-pass", "sheet": "-sheet"}
    suffix = suffixes.get(record.kind, f"-hires-{(record.variant or 0) + 1}")
    q = file_names.as_named(p, batch_index=received.number)
    file = file_names.File(received.image, received.text, made.seed, made.prompt, suffix)
    trouble = None
    if record.kind == "sheet":
        trouble = file_names.save_grid(q, file) if opts().grid_save and not p.do_not_save_grid else None
    elif saving.saves_finished(p) if record.error is None else saving.saves_unfinished(p):
        trouble = file_names.save_sample(q, file)
    if trouble:
        p.comment(f"Hires strategies: {trouble}")


def _made_with(received: Received, share: Share) -> MadeWith:
    """What the generated image that an image belongs to was made with."""
    numbers = [each.number for each in share.generated]
    return share.made_with[numbers.index(received.number) if received.number in numbers else 0]


def _write(image: Image, text: str) -> None:
    if opts().enable_pnginfo:
        image.info["parameters"] = text


def _tell_seeds(processed: Processed, share: Share) -> None:
    """Complete the answer's lists of what every generated image was made with."""
    for name, key in _PER_IMAGE.items():
        own = getattr(processed, name, None)
        if isinstance(own, list) and len(own) == share.first:
            setattr(processed, name, [*own, *(getattr(each, key) for each in share.made_with)])


def _note_troubles(processed: Processed, shares: list[Share]) -> None:
    """Programs see no comments: a generated image's record says what is missing, too."""
    sentences = tuple(share.trouble for share in shares if share.trouble)
    for image in processed.images if sentences else ():
        record = records.of(image)
        if record is not None and record.kind != "sheet":  # the page has those in front
            records.hang(image, replace(record, notes=(*record.notes, *sentences)))
            return
