"""The images beside the generated ones: other variants, stages, first passes. Added when the host is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modules import images
from PIL.Image import Image

from hires_strategies.webui.generation.job import Batch, Job, selectable_script_runs
from hires_strategies.webui.host import infotext
from hires_strategies.webui.host.processing import Processed, Processing, opts

from . import records


@dataclass
class Extra:
    """An image to add, with the place of the generated image it belongs to."""

    image: Image
    batch: Batch
    position: int
    strategy: str | None
    record: records.Record


def add_extras(p: Processing, processed: Processed, job: Job) -> None:
    """Save the extra images by the host's rules and append them to `processed`, each under its own text.

    Inside a selectable script (X/Y/Z plot and the like) they are only saved: the script counts images.
    """
    if not processed.images:
        return  # ADetailer calls postprocess in the middle of a batch, with an empty object
    append = not selectable_script_runs(p)
    _hang_on_generated(p, processed, job)
    for extra in _extras(job):
        index = processed.index_of_first_image + extra.batch.iteration * p.batch_size + extra.position
        text = processed.infotexts[index] if index < len(processed.infotexts) else processed.info
        text = infotext.with_strategy(text, extra.batch.text_of(extra.batch.plan.variants[0].node), extra.strategy)
        if opts().enable_pnginfo:
            extra.image.info["parameters"] = text
        records.hang(extra.image, extra.record)
        _save(p, extra, text)
        if append:
            processed.images.append(extra.image)
            processed.infotexts.append(text)
    records.publish(processed)


def _hang_on_generated(p: Processing, processed: Processed, job: Job) -> None:
    for batch in job.batches:
        for position in range(len(batch.seeds)):
            index = processed.index_of_first_image + batch.iteration * p.batch_size + position
            if index < len(processed.images):
                node = batch.plan.variants[0].node
                records.hang(processed.images[index], records.of_node(batch, node, position, "variant", 0))


def _extras(job: Job) -> Iterator[Extra]:
    """The order of the contract: each further variant for every image, then the stages, then the first passes."""
    for variant in range(1, len(job.request.strategies)):
        for batch, position in _each_image(job):
            planned = batch.plan.variants[variant]
            if planned.same_as is None:
                yield from _of_node(batch, planned.node, position, "variant", variant)
    if job.request.stages:
        for node in range(max(len(batch.plan.stages) for batch in job.batches) if job.batches else 0):
            for batch, position in _each_image(job):
                if node < len(batch.plan.stages) and node not in {each.node for each in batch.plan.variants}:
                    yield from _of_node(batch, node, position, "stage")
    if job.request.first_pass:
        for batch, position in _each_image(job):
            if batch.result.first_pass:
                record = records.of_first_pass(batch, position)
                yield Extra(batch.result.first_pass[position].copy(), batch, position, None, record)


def _each_image(job: Job) -> Iterator[tuple[Batch, int]]:
    for batch in job.batches:
        for position in range(len(batch.seeds)):
            yield batch, position


def _of_node(batch: Batch, node: int, position: int, kind: str, variant: int | None = None) -> Iterator[Extra]:
    outcome = batch.result.stages[node]
    if outcome.images is None or (kind == "stage" and outcome.error):
        return
    record = records.of_node(batch, node, position, kind, variant)
    text = record.strategy if outcome.error is None else batch.text_of(node)
    yield Extra(outcome.images[position].copy(), batch, position, text, record)


def _save(p: Processing, extra: Extra, text: str) -> None:
    if not extra.batch.saved:
        return
    p.batch_index = extra.position  # file name patterns use it
    seed, prompt = extra.batch.seeds[extra.position], extra.batch.prompts[extra.position]
    suffix = "" if extra.record.kind == "variant" else f"-{extra.record.kind.replace('_', '-')}"
    images.save_image(
        extra.image, p.outpath_samples, "", seed, prompt, opts().samples_format, info=text, p=p, suffix=suffix
    )
