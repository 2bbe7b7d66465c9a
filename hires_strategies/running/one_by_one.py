"""The images of a batch one after the other, each as if it were sampled with the others."""

from __future__ import annotations

from collections.abc import Iterator

from .host import Host


def one_by_one(host: Host, images: int, checkpoint: str | None) -> Iterator[tuple[int, int | None]]:
    """The number of each image, and what the host's verbs take for `alone`, with torch's generator where it stands now
    and with that checkpoint: a refiner may have been left by the image before, or by what failed."""
    state = host.generator_state()
    for index in range(images):
        host.use_model(checkpoint)
        host.restore_generator(state)
        yield index, None if images == 1 else index
