"""The contact sheets: one for each image of a generation, with all its distinct variants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from modules import errors
from PIL.Image import Image

from hires_strategies.planning.cost import node_cost
from hires_strategies.planning.plan import FirstPass
from hires_strategies.sheet.drawing import Colours
from hires_strategies.sheet.sheet import Look, Tile, make_sheet
from hires_strategies.webui import settings
from hires_strategies.webui.generation.batch import Batch
from hires_strategies.webui.generation.job import Job
from hires_strategies.webui.host.forks import loaded
from hires_strategies.webui.host.processing import Processed, Processing, opts
from hires_strategies.wording import describe

from . import file_names, records
from .answered import Answered, named_as
from .side_by_side import SideBySide
from .strengths import curves_of, found_stages


def add_sheets(p: Processing, processed: Processed, job: Job, generated: Answered, files: SideBySide) -> None:
    """Save the sheets, as `files`, and put them first in the page's gallery, where the host's own grid is, or last over
    the API.

    A sheet that cannot be made is reported, and costs no picture.
    """
    if not job.makes_sheets(p):
        return
    made: list[tuple[Image, str]] = []
    for batch in job.batches:
        for position in range(len(batch.seeds)):
            try:
                tiles = _tiles(p, batch, position, generated.image(batch, position) if job.details(p) else None)
                if sum(tile.image is not None for tile in tiles) > 1:
                    sheet, text = _make(p, job, generated, (batch, position, tiles))
                    _save(p, sheet, text, (batch, position), files)
                    made.append((sheet, text))
            except Exception as error:
                errors.report("Hires strategies: the contact sheet could not be made", exc_info=True)
                sentence = f"The contact sheet could not be made: {describe(error)}"
                p.comment(f"Hires strategies: {sentence}")
                records.add_error(generated.image(batch, position), sentence)
    pictures, texts = [picture for picture, _ in made], [text for _, text in made]
    if p.is_api:
        processed.images += pictures
        processed.infotexts += texts
    else:
        processed.images[:0] = pictures
        processed.infotexts[:0] = texts
        processed.index_of_first_image += len(made)


def _make(p: Processing, job: Job, generated: Answered, of: tuple[Batch, int, list[Tile]]) -> tuple[Image, str]:
    """The sheet of one image of a batch, with the text that restores the whole sweep."""
    batch, position, tiles = of
    first_pass = batch.result.first_pass[position] if batch.result.first_pass else None
    name, start = _start(p, job, batch.plan.first_pass)
    heading = _heading(batch, position, start, (tiles[0].image, generated.image(batch, position)))
    sheet = make_sheet(tiles, replace(_look(p, job), start=name), heading, first_pass, curves_of(batch))
    for note in sheet.notes:
        p.comment(f"Hires strategies: contact sheet: {note}")
    host_text = generated.text(batch, position)
    if not job.details(p):
        host_text = batch.text_without(position) or host_text
    text = batch.of_sheet(host_text, position, job.request.written)
    if opts().enable_pnginfo:
        sheet.image.info["parameters"] = text
    records.hang(sheet.image, records.of_sheet(batch, position, sheet))
    return sheet.image, text


def _tiles(p: Processing, batch: Batch, position: int, generated: Image | None) -> list[Tile]:
    """A tile for every variant; one that failed shows why instead of the stage before it.

    `generated`: the generated image, if the sheet shows what the host and other scripts made of the variants.
    """
    plan, tiles = batch.plan, []
    # With Hires. fix the plan starts from its result; costs are in passes of the image's own size all the same.
    unit = replace(plan.first_pass, width=p.width, height=p.height) if p.enable_hr else plan.first_pass
    for index, (strategy, variant) in enumerate(zip(plan.strategies, plan.variants, strict=True)):
        outcome, path = batch.result.stages[variant.node], plan.path(variant.node)
        sampled = [batch.result.stages[node.index].start_sigma for node in path if node.sampling]
        finished = variant.same_as is None and outcome.images is not None and outcome.error is None
        tiles.append(
            Tile(
                strategy=strategy,
                image=_picture(batch, index, position, generated) if finished else None,
                start_sigma=sampled[-1] if sampled else None,
                seconds=sum(batch.result.stages[node.index].seconds for node in path),
                cost=sum(node_cost(node, unit) for node in path),
                same_as=variant.same_as,
                error=outcome.error,
                found=found_stages(batch, variant.node),
            )
        )
    return tiles


def _picture(batch: Batch, variant: int, position: int, generated: Image | None) -> Image | None:
    """A variant's picture, after what the host and other scripts did to it if that was asked for."""
    detailed = batch.detailed.get((variant, position))
    changed = generated if variant == 0 else detailed.image if detailed is not None else None
    if changed is not None:
        return changed.convert("RGB")
    images = batch.result.stages[batch.plan.variants[variant].node].images
    return images[position] if images else None


def _start(p: Processing, job: Job, first: FirstPass) -> tuple[str, str]:
    """What the stages went on from: as its tile is called, and in words with its size."""
    size = f"{first.width}x{first.height}"
    if job.request.first_pass_image is not None:
        return "The picture", f"on a picture of {size}"
    if p.enable_hr:
        return "Hires. fix", f"first pass {p.width}x{p.height}, by Hires. fix to {size}"
    return Look.start, f"first pass {size}"


def _heading(batch: Batch, position: int, start: str, images: tuple[Image | None, Image | None]) -> list[str]:
    """The lines under the title. `images`: the first variant's on the sheet, and the generated one, which may have gone
    through more than the other variants."""
    first, (shown, generated) = batch.plan.first_pass, images
    sampler = f"{first.sampler} {first.scheduler or ''}".strip()
    lines = [
        batch.prompts[position],
        f"Seed {batch.seeds[position]}, {start}, {sampler}, {first.steps} steps",
    ]
    if shown is not None and generated is not None and not _same(shown, generated):
        lines.append("All before face restoration and other scripts, which the generated image went through.")
    if any(each.image is None for (_, at), each in batch.detailed.items() if at == position):
        lines.append("Not all went through face restoration and other scripts; the answer says why.")
    return lines


def _same(one: Image, other: Image) -> bool:
    return one.size == other.size and np.array_equal(np.asarray(one.convert("RGB")), np.asarray(other.convert("RGB")))


def _look(p: Processing, job: Job) -> Look:
    options = opts()
    return Look(
        fonts=loaded.fonts(),
        crops=job.request.crops,
        box=settings.crops_box(p.override_settings),
        most_pixels=int(float(options.img_max_size_mp) * 1_000_000),
        colours=Colours(
            options.grid_background_color, options.grid_text_active_color, options.grid_text_inactive_color
        ),
    )


def _save(p: Processing, image: Image, text: str, of: tuple[Batch, int], files: SideBySide) -> None:
    """Save it as the host saves its own grid."""
    if not opts().grid_save or p.do_not_save_grid:
        return
    batch, position = of
    made = batch.images.made[position]
    file = file_names.File(image, text, made.seed, made.prompt, "-sheet")
    q = named_as(p, batch, position)
    files.write(image, lambda named: file_names.save_grid(q, file, named))
