"""Whether an error means that the machine ran out of memory."""

from __future__ import annotations


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it came from, says that memory ran out."""
    return isinstance(error, MemoryError)
