"""The images besides the generated ones: other variants, stages, first passes. Added when the host is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL.Image import Image

from hires_strategies.webui.generation.batch import Batch
from hires_strategies.webui.generation.job import Job
from hires_strategies.webui.generation.selectable_script import selectable_script_runs
from hires_strategies.webui.host.processing import Processed, Processing, opts

from . import file_names, records
from .answered import Answered, named_as
from .side_by_side import SideBySide
from .strengths import strength_of


@dataclass
class Extra:
    """An image to add, with the position of the generated image it belongs to.

    `node`: the stage it shows; None for the first pass. `suffix`: that of its file's name; None for no file.
    `text`: its text, if it is not to be made of the generated image's.
    """

    image: Image
    batch: Batch
    position: int
    node: int | None
    strategy: str | None
    record: records.Record
    suffix: str | None
    text: str | None = None


def add_extras(p: Processing, processed: Processed, job: Job, generated: Answered, files: SideBySide) -> None:
    """Save the extra images by the host's rules, as `files`, and append them to `processed`, each with its own text.

    Inside a selectable script (X/Y/Z plot and the like) they are only saved, because the script counts images.
    """
    append = not selectable_script_runs(p)
    _hang_on_generated(job, generated)
    for extra in _extras(job):
        batch, position = extra.batch, extra.position
        text = extra.text
        if text is None:
            host_text = batch.text_without(position, extra.node) or generated.text(batch, position)
            text = batch.retold(host_text, position, extra.node, extra.strategy)
        if opts().enable_pnginfo:
            extra.image.info["parameters"] = text
        records.hang(extra.image, extra.record)
        _save(p, extra, text, files)
        if append:
            processed.images.append(extra.image)
            processed.infotexts.append(text)
    records.publish(processed)


def _hang_on_generated(job: Job, generated: Answered) -> None:
    for batch, position in _each_image(job):
        image = generated.image(batch, position)
        if image is not None:
            record = records.of_node(batch, batch.plan.variants[0].node, position, "variant", 0)
            records.hang(image, replace(record, detailed=True))


def _extras(job: Job) -> Iterator[Extra]:
    """In the documented order: each further variant for every image, then the stages, then the first passes."""
    for variant in range(1, len(job.request.strategies)):
        for batch, position in _each_image(job):
            if batch.shown_by(variant) == variant:
                yield from _of_node(batch, batch.plan.variants[variant].node, position, "variant", variant)
    if job.request.stages:
        for node in range(max(len(batch.plan.stages) for batch in job.batches) if job.batches else 0):
            for batch, position in _each_image(job):
                if node < len(batch.plan.stages) and node not in {each.node for each in batch.plan.variants}:
                    yield from _of_node(batch, node, position, "stage")
    if job.request.first_pass:
        for batch, position in _each_image(job):
            if batch.result.first_pass:
                record, image = records.of_first_pass(batch, position), batch.result.first_pass[position].copy()
                suffix = "-first-pass" if batch.saves_finished and not batch.first_pass_saved else None
                yield Extra(image, batch, position, None, None, record, suffix)


def _each_image(job: Job) -> Iterator[tuple[Batch, int]]:
    for batch in job.batches:
        for position in range(len(batch.seeds)):
            yield batch, position


def _of_node(batch: Batch, node: int, position: int, kind: str, variant: int | None = None) -> Iterator[Extra]:
    outcome = batch.result.stages[node]
    if outcome.images is None or (kind == "stage" and outcome.error):
        return
    record = records.of_node(batch, node, position, kind, variant)
    strategy = record.strategy if outcome.error is None else batch.text_of(node, position)
    suffix = f"-hires-{variant + 1}" if variant is not None else f"-stage-{node + 1}"
    suffix_if_saved = suffix if batch.saves(node) else None
    image, text = outcome.images[position], None
    if variant is not None and (detailed := batch.detailed.get((variant, position))) is not None:
        image, text = detailed.image or image, detailed.text
        errors = [each for each in (record.error, detailed.error) if each]
        record = replace(
            record,
            width=image.width,
            height=image.height,
            error=" ".join(errors) or None,
            detailed=detailed.image is not None,
        )
    yield Extra(image.copy(), batch, position, node, strategy, record, suffix_if_saved, text)


def _save(p: Processing, extra: Extra, text: str, files: SideBySide) -> None:
    if extra.suffix is None:
        return
    batch, position = extra.batch, extra.position
    made = batch.images.made[position]
    q = named_as(p, batch, position, denoising_strength=_last_strength(batch, extra.node))
    file = file_names.File(extra.image, text, made.seed, made.prompt, extra.suffix)
    files.write(extra.image, lambda named: file_names.save_sample(q, file, named))


def _last_strength(batch: Batch, node: int | None) -> float | None:
    """The denoising strength of the last sampling in what is shown for a stage."""
    reached = None if node is None else batch.reached(node)
    path = batch.plan.path(reached) if reached is not None else []
    strengths = [strength_of(batch, node.index) for node in path if node.sampling is not None]
    return strengths[-1] if strengths else None
