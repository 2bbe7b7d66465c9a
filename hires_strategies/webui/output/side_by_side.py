"""Files that are written at the same time.

Compressing a picture takes longer than all else that we do with it, and zlib runs beside other threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from PIL.Image import Image

from hires_strategies.webui.host import saving
from hires_strategies.webui.host.processing import Processing

from . import records

_MOST = 8  # threads; a picture of 4 megapixels holds some 30 MB while it is written


class SideBySide:
    """A `with`, at whose end all files are written. Each is named before the next one begins, so that names are in
    order. Where another extension takes part in files, they are written one after the other, in this thread."""

    def __init__(self, p: Processing) -> None:
        self._p = p

    def __enter__(self) -> SideBySide:
        together = not saving.others_take_part()
        self._threads = ThreadPoolExecutor(min(_MOST, os.cpu_count() or 1)) if together else None
        self._written: list[tuple[Future[str | None], Image]] = []
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._threads is None:
            return
        self._threads.shutdown(wait=True)
        for written, image in self._written:
            self._tell(written.result(), image)

    def write(self, image: Image, save: Callable[[Callable[[], None]], str | None]) -> None:
        """`save` writes the file of `image` and returns a sentence if that failed, which is told; it is given what to
        call once nobody else can take the file's name."""
        if self._threads is None:
            self._tell(save(lambda: None), image)
            return
        named = threading.Event()

        def run() -> str | None:
            try:
                return save(named.set)
            finally:
                named.set()

        self._written.append((self._threads.submit(run), image))
        named.wait()

    def _tell(self, trouble: str | None, image: Image) -> None:
        if trouble:
            self._p.comment(f"Hires strategies: {trouble}")
            records.add_error(image, trouble)
