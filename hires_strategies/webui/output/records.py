"""One record for each returned image, under "hires_strategies" in the generation's info.

Records are attached to their images, and whatever object the host builds its answer from writes those of its images:
the one that a generation returned, or the one that a script of the list made from many generations.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from modules import processing
from PIL.Image import Image

from hires_strategies.notation.text import format_strategy
from hires_strategies.planning.shown import Part, cropped
from hires_strategies.running.outcome import Outcome
from hires_strategies.sheet.sheet import Sheet
from hires_strategies.webui.generation.batch import Batch
from hires_strategies.webui.generation.selectable_script import selected_script
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processed, Processing, SelectableScript

from .strengths import found_on, strength_of
from .teaches import of_variant

_OMITTED = ("tiles", "asked", "first_pass", "found", "teaches", "shows")  # where there is none


@dataclass(frozen=True, kw_only=True)
class Record:
    """What an image is. `kind`: variant, stage, first_pass or sheet; `same_as`: texts of the variants that have this
    very picture; `stage`: the text of the last stage it went through; `seconds`: the batch's time on its path;
    `why_not_reused`: a sentence if its first pass was not remembered, or could not be reused; `notes`: sentences on its
    prompts and on other extensions; `detailed`: whether the host and other scripts worked on it after its stages;
    `tiles`: for a sheet only, the variants on it and where their pictures are; `asked`: the strategy as it was written,
    if the image's differs from it (styles, wildcards); `first_pass`: the name by which the page may ask for its first
    pass (first_pass.handed_out); `found`: see output.strengths; `teaches`: see output.teaches; `shows`: planning.shown.

    Numbers from 0: `variant` among the variants; `plan_stage`, its last stage among the plan's; `image`, that of the
    generated image it belongs to. `worker`: the name of another machine that made it."""

    kind: str
    strategy: str | None = None
    same_as: tuple[str, ...] = ()
    stage: str | None = None
    seed: int | None
    width: int
    height: int
    denoising_strength: float | None = None
    start_sigma: float | None = None
    seconds: float | None = None
    model_evaluations: int | None = None
    first_pass_reused: bool
    why_not_reused: str | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    detailed: bool = False
    variant: int | None = None
    plan_stage: int | None = None
    image: int | None = None
    worker: str | None = None
    tiles: tuple[SheetTile, ...] | None = None
    asked: str | None = None
    first_pass: str | None = None
    found: tuple[dict[str, Any], ...] | None = None
    teaches: dict[str, Any] | None = None
    shows: Part | None = None


@dataclass(frozen=True)
class SheetTile:
    """`box`: left, top, right, bottom of a variant's picture, in pixels of the sheet."""

    strategy: str
    box: tuple[int, int, int, int]


def hang(image: Image, record: Record) -> None:
    """Records travel on their images, so they stay right when other scripts insert or remove images."""
    attachments.hang_on_image(image, attachments.RECORD, record)


def of_node(batch: Batch, node: int, position: int, kind: str, variant: int | None = None) -> Record:
    """The record of image `position` of a batch after a stage of its plan."""
    plan, texts, outcome = batch.plan, batch.texts, batch.result.stages[node]
    image = outcome.images[position] if outcome.images else None
    path = [batch.result.stages[each.index] for each in plan.path(node)]
    shown = None if outcome.reached is None else plan.stages[outcome.reached]
    width, height = (shown.width, shown.height) if shown else plan.first_pass.made
    needs_first_pass = plan.path(node)[0].upscale is not None  # Direct needs none
    strategy = texts.variant(variant, position) if variant is not None else texts.strategy_to(node, position)
    asked = format_strategy(plan.strategies[variant] if variant is not None else plan.strategy_to(node, node))
    return Record(
        kind=kind,
        strategy=strategy,
        asked=asked if asked != strategy else None,
        first_pass=batch.handed_out[position] if batch.handed_out and needs_first_pass else None,
        same_as=_same_as(batch, variant, position),
        stage=None if outcome.reached is None else texts.stage(outcome.reached, position, node),
        seed=batch.seeds[position],
        width=image.width if image else width,
        height=image.height if image else height,
        denoising_strength=strength_of(batch, node),
        start_sigma=outcome.start_sigma,
        seconds=round(sum(each.seconds for each in path), 3),
        model_evaluations=_sum(path),
        first_pass_reused=batch.first_pass_reused and needs_first_pass,
        why_not_reused=batch.why_not_reused if needs_first_pass else None,
        error=_error(batch, node, variant),
        notes=texts.notes(node),
        variant=variant,
        plan_stage=node,
        image=batch.images_before + position,
        found=found_on(batch, node),
        teaches=of_variant(batch, node) if variant is not None else None,
        shows=cropped(plan, outcome.reached),
    )


def of_first_pass(batch: Batch, position: int) -> Record:
    image = (batch.result.first_pass or [])[position]
    return Record(
        kind="first_pass",
        seed=batch.seeds[position],
        width=image.width,
        height=image.height,
        first_pass_reused=batch.first_pass_reused,
        image=batch.images_before + position,
        why_not_reused=batch.why_not_reused,
    )


def of_sheet(batch: Batch, position: int, sheet: Sheet) -> Record:
    width, height = sheet.image.size
    tiles = tuple(
        SheetTile(batch.texts.variant(index, position), place)
        for index, (variant, place) in enumerate(zip(batch.plan.variants, sheet.places, strict=True))
        if place is not None and variant.same_as is None and batch.result.stages[variant.node].error is None
    )
    return Record(
        kind="sheet",
        seed=batch.seeds[position],
        width=width,
        height=height,
        first_pass_reused=batch.first_pass_reused,
        image=batch.images_before + position,
        why_not_reused=batch.why_not_reused,
        tiles=tiles,
    )


def add_error(image: Image | None, sentence: str) -> None:
    """Put trouble from elsewhere into an image's record, if it has none of its own."""
    record = of(image)
    if image is not None and record is not None and record.error is None:
        hang(image, replace(record, error=sentence))


def troubles(images: Sequence[Image]) -> list[str]:
    """What went wrong with these images, as sentences without repeats."""
    found = [record.error for image in images if (record := of(image)) is not None]
    return [error for error in dict.fromkeys(found) if error]


def publish(processed: Processed) -> None:
    """Make `processed.js()`, the API's info, include the records of the images it returns."""
    kind = type(processed)
    if not issubclass(kind, _WithRecords):
        attachments.exchange_class(processed, _with_records(kind))


def publish_what_a_script_returns(p: Processing) -> None:
    """Make the script of the list that is about to run return an object that includes its images' records.

    Many scripts build a new object from several generations' images. Called before the script runs.
    """
    script = selected_script(p)
    if script is not None and attachments.replaced(script, "run") is None:
        script.run = _RunAndPublish(script)


def listed(images: Sequence[Image]) -> list[dict[str, Any] | None]:
    """The records of images as they are answered, None for an image that has none."""
    found = [of(image) for image in images]
    return [None if each is None else {"index": index, **_fields(each)} for index, each in enumerate(found)]


class _RunAndPublish:
    """Replaces a script's `run` for one call."""

    def __init__(self, script: SelectableScript) -> None:
        self.script = script

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        attachments.drop(self.script, "run")
        processed = self.script.run(*args, **kwargs)
        if isinstance(processed, processing.Processed) and any(map(of, processed.images)):
            publish(processed)
        return processed


class _WithRecords:
    """A class rather than a function on the instance: X/Y/Z plot copies the object and replaces its images."""

    images: list[Image]

    def js(self) -> str:
        info = json.loads(super().js())  # type: ignore[misc]
        info["hires_strategies"] = [record for record in listed(self.images) if record is not None]
        return json.dumps(info)


@cache
def _with_records(kind: type) -> type:
    """The host's class, or a fork's version of it, with records."""
    return type(f"{kind.__name__}WithRecords", (_WithRecords, kind), {})


def of(image: Image | None) -> Record | None:
    return attachments.held_by_image(image, attachments.RECORD, Record)


def _same_as(batch: Batch, variant: int | None, position: int) -> tuple[str, ...]:
    """The other variants that this one's picture represents."""
    if variant is None:
        return ()
    others = [other for other in range(len(batch.plan.variants)) if other != variant]
    return tuple(batch.texts.variant(other, position) for other in others if batch.shown_by(other) == variant)


def _error(batch: Batch, node: int, variant: int | None) -> str | None:
    """What went wrong on the way to a stage; for a variant, also for all those that its picture represents."""
    if variant is None or batch.result.stages[node].error is None:
        return batch.result.stages[node].error
    shown = (each.node for other, each in enumerate(batch.plan.variants) if batch.shown_by(other) == variant)
    return " ".join(dict.fromkeys(error for each in shown if (error := batch.result.stages[each].error)))


def _fields(record: Record) -> dict[str, Any]:
    """All fields of a record, omitting those that most have not."""
    return {name: value for name, value in asdict(record).items() if value is not None or name not in _OMITTED}


def _sum(path: list[Outcome]) -> int | None:
    counts = [outcome.model_evaluations for outcome in path]
    return None if None in counts else sum(count for count in counts if count is not None)
