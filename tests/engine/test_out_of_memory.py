"""Which errors mean that memory ran out. The wordings are those of reports from users, see running/out_of_memory.py."""

from __future__ import annotations

import errno

import pytest

from hires_strategies.running.out_of_memory import is_out_of_memory


def torchs(name: str, module: str, base: type[Exception] = RuntimeError) -> type[Exception]:
    return type(name, (base,), {"__module__": module})


CUDA = "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 8.00 GiB total capacity; 5.61 GiB already allocated)"
OUT = [
    MemoryError(),
    MemoryError("Unable to allocate 3.00 GiB for an array with shape (1, 3, 16384, 16384) and data type float32"),
    torchs("OutOfMemoryError", "torch")("Allocation on device"),
    torchs("OutOfMemoryError", "torch.cuda")(CUDA),
    torchs("Narrower", "somewhere", torchs("OutOfMemoryError", "torch"))("whatever it says"),
    RuntimeError(CUDA),
    RuntimeError("HIP out of memory. Tried to allocate 35.31 GiB. GPU 0 has a total capacity of 19.94 GiB"),
    RuntimeError("XPU out of memory. Tried to allocate 1.00 GiB (GPU 0; 15.56 GiB total capacity)"),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    torchs("AcceleratorError", "torch")("CUDA error: out of memory\nSearch for `cudaErrorMemoryAllocation'"),
    RuntimeError(
        "MPS backend out of memory (MPS allocated: 5.56 GB, other allocations: 1.10 GB, max allowed: 6.80 GB). Tried to"
        " allocate 768.00 MB on private pool."
    ),
    RuntimeError("Invalid buffer size: 19.45 GB"),
    RuntimeError("Invalid buffer size: 19.38 GiB"),
    RuntimeError("Could not allocate tensor with 4915840 bytes. There is not enough GPU video memory available!"),
    RuntimeError("Native API failed. Native API returns: -5 (PI_ERROR_OUT_OF_RESOURCES)"),
    RuntimeError("level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)"),
    RuntimeError("level_zero backend failed with error: 40 (UR_RESULT_ERROR_OUT_OF_RESOURCES)"),
    RuntimeError(
        "[enforce fail at ..\\c10\\core\\impl\\alloc_cpu.cpp:72] data. DefaultCPUAllocator: not enough memory: you "
        "tried to allocate 26214400 bytes."
    ),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:73] . DefaultCPUAllocator: can't allocate memory: you tried to allocate"
        " 116813856768 bytes. Error code 12 (Cannot allocate memory)"
    ),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("Not enough memory, use lower resolution (max approx. 448x448). Need: 0.2GB free, Have:0.1GB free"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
]  # fmt: skip
NOT = [
    RuntimeError("out of memory"),  # says who?
    RuntimeError("The host has no memory of this seed."),
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("level_zero backend failed with error: 20 (UR_RESULT_ERROR_DEVICE_LOST)"),
    RuntimeError("Input type (c10::Half) and bias type (float) should be the same"),
    RuntimeError("Invalid buffer size: the buffer has no size"),
    ValueError(CUDA),
    KeyError("CUDA out of memory"),
    OSError(errno.ENOSPC, "No space left on device"),
    torchs("OutOfMemoryError", "somebody.elses")("of another kind"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", OUT, ids=lambda error: str(error)[:50] or type(error).__name__)
def test_memory_ran_out(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", NOT, ids=lambda error: str(error)[:50] or type(error).__name__)
def test_another_error(error: BaseException) -> None:
    assert not is_out_of_memory(error)


def raised(inner: Exception, outer: Exception, *, explicitly: bool = False, hidden: bool = False) -> Exception:
    """`outer` as it is once it was raised while `inner` was handled."""
    try:
        try:
            raise inner
        except Exception as error:
            if explicitly:
                raise outer from error
            if hidden:
                raise outer from None
            raise outer
    except Exception as error:
        return error


def test_an_error_that_was_raised_from_it_means_it() -> None:
    assert is_out_of_memory(raised(RuntimeError(CUDA), ValueError("The tile failed."), explicitly=True))
    twice = raised(raised(MemoryError(), KeyError("a"), explicitly=True), ValueError("b"), explicitly=True)
    assert is_out_of_memory(twice)


@pytest.mark.parametrize("hidden", [False, True])
def test_an_error_that_repeats_its_message_means_it(hidden: bool) -> None:
    assert is_out_of_memory(raised(RuntimeError(CUDA), ValueError(f"Sampling failed: {CUDA}"), hidden=hidden))


class NansException(Exception):
    """As the WebUI's."""


@pytest.mark.parametrize("inner", [RuntimeError(CUDA), MemoryError()])
def test_an_error_that_only_happened_while_it_was_handled_is_another_one(inner: Exception) -> None:
    # A WebUI that tried again by itself, in a way that gave NaNs, needs something else than less work.
    assert not is_out_of_memory(raised(inner, NansException("A tensor with NaNs was produced in VAE.")))


def test_memory_that_ran_out_while_another_error_was_handled() -> None:
    assert is_out_of_memory(raised(ValueError("first"), RuntimeError(CUDA)))


def test_errors_in_a_circle_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not is_out_of_memory(one)


def test_torchs_own_types() -> None:
    torch = pytest.importorskip("torch")
    assert is_out_of_memory(torch.cuda.OutOfMemoryError("of any wording"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert is_out_of_memory(caught.value)
