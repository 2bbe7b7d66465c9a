"""The generated images in the host's answer, their texts, and the values that name their files."""

from __future__ import annotations

from typing import Any

from PIL.Image import Image

from hires_strategies.webui.generation.batch import Batch
from hires_strategies.webui.generation.generated_images import find
from hires_strategies.webui.generation.job import Job
from hires_strategies.webui.host.processing import Processed, Processing

from . import file_names


class Answered:
    """Looked up once, before we add anything to the answer. Texts that others shifted are corrected."""

    def __init__(self, processed: Processed, job: Job) -> None:
        found = find([batch.images for batch in job.batches], processed)
        aligned = len(processed.infotexts) == len(processed.images)
        self._images: dict[tuple[int, int], Image] = {}
        self._texts: dict[tuple[int, int], str] = {}
        for number, batch in enumerate(job.batches):
            for position in range(len(batch.seeds)):
                index = found.get((number, position))
                written = processed.infotexts[index] if aligned and index is not None else None
                text = _text(batch, position, written) or processed.info
                self._texts[id(batch), position] = text
                if index is not None:
                    self._images[id(batch), position] = processed.images[index]
                    if batch.images.by_position[position].misplaced:
                        _correct(processed, index, text)
        if not aligned:
            self._align(processed)

    def _align(self, processed: Processed) -> None:
        """Give each image a text again if another script added or removed images without their texts.

        Images that are not ours and have no text get the leftover texts, the last image the last text.
        """
        known = {id(image): self._texts[key] for key, image in self._images.items()}
        texts = [known.get(id(image)) or image.info.get("parameters") for image in processed.images]
        left = [text for text in processed.infotexts if text not in texts]
        for index in reversed(range(len(texts))):
            if texts[index] is None:
                texts[index] = left.pop() if left else ""
        processed.infotexts[:] = [str(text) for text in texts]

    def image(self, batch: Batch, position: int) -> Image | None:
        """What is shown of a generated image; None if another script removed it."""
        return self._images.get((id(batch), position))

    def text(self, batch: Batch, position: int) -> str:
        """The text of a generated image, never a neighbour's."""
        return self._texts[id(batch), position]


def _text(batch: Batch, position: int, written: str | None) -> str | None:
    """The text of a generated image: what the host wrote, if that is known and its own."""
    generated = batch.images.by_position.get(position)
    if generated is None or (written is not None and not generated.misplaced):
        return written
    carried = generated.image.info.get("parameters") if generated.image is not None else None
    return generated.text or carried


def _correct(processed: Processed, index: int, text: str) -> None:
    """Replace another image's text, which the host used because an extension shifted pictures relative to seeds."""
    if index < len(processed.infotexts):
        processed.infotexts[index] = text
    if "parameters" in processed.images[index].info:
        processed.images[index].info["parameters"] = text


def named_as(p: Processing, batch: Batch, position: int, **values: Any) -> Processing:
    """A copy of `p` from which file name patterns read the values of a generated image."""
    generated = batch.images.by_position.get(position)
    place = generated.named_by if generated is not None else {"iteration": batch.iteration, "batch_index": position}
    return file_names.as_named(p, **place, **values)
