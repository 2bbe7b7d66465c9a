"""Files that are written at the same time.

Compressing a picture takes longer than all else that we do with it, and zlib runs beside other threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from hires_strategies.webui.host import saving

_MOST = 8  # threads; a picture of 4 megapixels holds some 30 MB while it is written


class SideBySide:
    """A `with`, at whose end all files are written. Each is named before the next one begins, so that names are in
    order. Where another extension takes part in files, they are written one after the other, in this thread."""

    def __enter__(self) -> SideBySide:
        together = not saving.others_take_part()
        self._threads = ThreadPoolExecutor(min(_MOST, os.cpu_count() or 1)) if together else None
        self._written: list[tuple[Future[str | None], Callable[[str], None]]] = []
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._threads is None:
            return
        self._threads.shutdown(wait=True)
        for written, tell in self._written:
            if trouble := written.result():
                tell(trouble)

    def write(self, save: Callable[[Callable[[], None]], str | None], tell: Callable[[str], None]) -> None:
        """`save` writes a file and returns a sentence if that failed, for `tell`; it is given what to call once nobody
        else can take the file's name."""
        if self._threads is None:
            if trouble := save(lambda: None):
                tell(trouble)
            return
        named = threading.Event()

        def run() -> str | None:
            try:
                return save(named.set)
            finally:
                named.set()

        self._written.append((self._threads.submit(run), tell))
        named.wait()
