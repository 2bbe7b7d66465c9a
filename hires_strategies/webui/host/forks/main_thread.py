"""The thread that Forge and its relatives run the page's generations in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def tell_exceptions() -> None:
    """Let the page's call end with the exception that its generation raised. Called once more, it does nothing.

    reForge 3b56b268 and Classic 1f95d717 print it and answer None, so that the page reads "TypeError: 'NoneType' object
    is not iterable". Forge dfdcbab6 and Neo keep it, and their page tells it; A1111 has no such thread.
    """
    main_thread: Any = sys.modules.get("modules_forge.main_thread")
    if main_thread is None or hasattr(main_thread, "last_exception"):
        return
    if not isinstance(main_thread.run_and_wait_result, _Telling):
        main_thread.run_and_wait_result = _Telling(main_thread.run_and_wait_result)


class _Telling:
    """Its `run_and_wait_result`, which raises what the thread swallowed."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.inner = inner

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        raised: list[Exception] = []

        def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                raised.append(error)
                raise

        result = self.inner(watched, *args, **kwargs)
        if raised:
            raise raised[0]
        return result
