"""Whether an error means that the machine ran out of memory: by its type, or by the wording that is known of it."""

from __future__ import annotations

import errno
import re

_PAGING_FILE_TOO_SMALL = 1455  # Windows, where a file is mapped: "The paging file is too small for this operation ..."

# Of a RuntimeError, which is all that most of them are. Each source has been seen as it is written here.
_WORDINGS = tuple(
    re.compile(wording)
    for wording in (
        # torch before 1.13 had no type of its own. "HIP": ROCm, pytorch/pytorch#138002. XPU: Comfy-Org/ComfyUI#7004.
        r"^(CUDA|HIP|XPU|NPU|MLU|MUSA) out of memory\b",
        # An asynchronous error; since torch 2.8 a torch.AcceleratorError.
        r"^(CUDA|HIP) error: out of memory\b",
        r"\b(cuda|hip)ErrorMemoryAllocation\b",
        # Apple: Comfy-Org/ComfyUI#2489; one buffer that is too large: pytorch/pytorch#141909.
        r"^MPS backend out of memory\b",
        r"^Invalid buffer size: [\d.]+ ?[KMGT]i?B",
        # DirectML: microsoft/DirectML#579.
        r"^Could not allocate tensor with \d+ bytes\. There is not enough GPU video memory available",
        # Intel's drivers: vladmandic/sdnext#1526 and #4012, pytorch/pytorch#190972.
        r"\bUR_RESULT_ERROR_OUT_OF_(DEVICE_MEMORY|HOST_MEMORY|RESOURCES)\b",
        r"\bPI_ERROR_(OUT_OF_RESOURCES|OUT_OF_HOST_MEMORY|MEM_OBJECT_ALLOCATION_FAILURE)\b",
        # torch's own allocator for the CPU, on Windows and elsewhere: lllyasviel/Fooocus#237, JingyunLiang/VRT#49.
        r"DefaultCPUAllocator: (not enough memory|can't allocate memory): you tried to allocate \d+ bytes",
        # Libraries that allocate for themselves: QwenLM/Qwen3#873.
        r"\b(CUBLAS|HIPBLAS|CUDNN|CUSOLVER)_STATUS_ALLOC_FAILED\b",
        r"\bCUDNN_STATUS_INTERNAL_ERROR_(HOST|DEVICE)_ALLOCATION_FAILED\b",
        r"\bmiopenStatusAllocFailed\b",
        # A1111's attention by Doggettx, which reckons before it allocates (modules/sd_hijack_optimizations.py).
        r"^Not enough memory, use lower resolution \(max approx\. \d+x\d+\)",
    )
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was made of, says that memory ran out.

    It was made of another one if it was raised `from` it, or repeats its message. What merely happened while another
    one was handled is an error of its own: less work would not mend it.
    """
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        if _says_so(at):
            return True
        seen.add(id(at))
        at = at.__cause__ or (at.__context__ if _repeats(at, at.__context__) else None)
    return False


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError):  # also numpy's
        return True
    if any(kind.__name__ == "OutOfMemoryError" and _is_torchs(kind) for kind in type(error).__mro__):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM or getattr(error, "winerror", None) == _PAGING_FILE_TOO_SMALL
    return isinstance(error, RuntimeError) and any(wording.search(str(error)) for wording in _WORDINGS)


def _is_torchs(kind: type) -> bool:
    """torch.OutOfMemoryError, which is torch.cuda's as well, and those of other backends (torch_npu)."""
    return kind.__module__.partition(".")[0].startswith("torch")


def _repeats(error: BaseException, inner: BaseException | None) -> bool:
    return inner is not None and bool(str(inner).strip()) and str(inner) in str(error)
