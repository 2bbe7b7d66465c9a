"""Runs a command of this repository in a Python that has the locked packages, and makes that Python if there is none.

`python tests/bootstrap.py -m mypy` runs Python there with any arguments; `python tests` and the workbench call it, too.

Standard library only, and the same on Linux, macOS and Windows. A Python that already has the locked versions is used
as it is; otherwise the repository gets an environment of its own beside it, `.venv-3.11` for Python 3.11.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from importlib import metadata
from pathlib import Path

import pip_progress
import pythons

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tests" / "requirements"
ENGINE, GRADIO_3, GRADIO_4 = "engine", "gradio3", "gradio4"  # the locks
TORCH, TORCH_CPU, WEIGHTS = (REQUIREMENTS / f"{name}.txt" for name in ("torch", "torch-cpu", "weights"))
_TAKES_ENGINE = "a minute or two and 170 MB"
_TAKES = "some minutes and 2 GB, or 6 GB where the torch that pip finds is the one with CUDA (Linux)"
WEIGHTS_ARE_BUILT_FOR = ("--python-version", "3.12", "--implementation", "cp", "--abi", "none")


def usual() -> str:
    """The lock of all tests and the workbench on this Python: A1111's Gradio where A1111 runs, else Forge's."""
    return GRADIO_3 if sys.version_info < (3, 12) else GRADIO_4


def ensure_environment(lock: str | None = None) -> None:
    """Returns in a Python that has the packages of a lock (`usual()`'s, if none is named).

    May replace this process to get there.
    """
    if not pythons.suits():
        _run_again(pythons.other())
    lock = lock or usual()
    if not _unmet(lock):
        return
    folder = _folder(lock)
    if Path(sys.prefix).resolve() != folder.resolve():
        if lock == ENGINE and _python(_folder(usual())).exists() and Path(sys.prefix) != _folder(usual()):
            _run_again(str(_python(_folder(usual()))))  # it has all of the engine's packages, and torch
        if not _python(folder).exists():
            print(f"Making {folder}", flush=True)
            venv.create(folder, with_pip=True, clear=folder.exists())
        _run_again(str(_python(folder)))
    _install(lock, folder)
    if unmet := _unmet(lock):
        sys.exit(f"pip installed tests/requirements/{lock}.txt, and these are still missing: {', '.join(unmet)}")


def _folder(lock: str) -> Path:
    name = ".venv-{}.{}".format(*sys.version_info[:2])
    return ROOT / (name if lock == usual() else f"{name}-{lock}")


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _install(lock: str, folder: Path) -> None:
    """Each package is held to its hash, but for those that a CUDA build of torch asks for by itself."""
    file = REQUIREMENTS / f"{lock}.txt"
    print(f"Installing into {folder}, once. It takes {_TAKES_ENGINE if lock == ENGINE else _TAKES}.", flush=True)
    _pip(f"tests/requirements/{lock}.txt", len(_locked(file)), "--require-hashes", "-r", str(file))
    if lock == ENGINE:
        return
    exactly = ("--require-hashes", "--no-deps", "-r")
    if not _locked(TORCH_CPU) or not _pip_finds("torch for the processor alone", 1, *exactly, str(TORCH_CPU)):
        _pip("torch", 1, *exactly, str(TORCH))
    needed = [f"{name}=={version}" for name, version in _locked(TORCH)]
    _pip("what torch needs", len(needed), *needed)
    anywhere = ("--only-binary=:all:", *WEIGHTS_ARE_BUILT_FOR, "--target", sysconfig.get_path("purelib"))
    _pip("weights of the pixel upscalers", len(_locked(WEIGHTS)), *anywhere, *exactly, str(WEIGHTS))


def _pip(what: str, packages: int, *arguments: str) -> None:
    status = _run_pip(what, packages, *arguments)
    if status:
        sys.exit(f"pip could not install {what} (exit status {status}): see above.")


def _pip_finds(what: str, packages: int, *arguments: str) -> bool:
    """Whether pip could install it; without an error if not."""
    found = _run_pip(what, packages, *arguments, tell_errors=False) == 0
    if not found:
        print("    is not where pip looks", flush=True)
    return found


def _run_pip(what: str, packages: int, *arguments: str, tell_errors: bool = True) -> int:
    print(f"  {what}", flush=True)
    quiet = ("--progress-bar", "off", "--disable-pip-version-check", "--no-color")
    command = [sys.executable, "-u", "-m", "pip", "install", *quiet, *arguments]
    return pip_progress.run(command, packages, tell_errors=tell_errors)


def _unmet(lock: str) -> list[str]:
    """What this Python lacks or has in another version."""
    files = [REQUIREMENTS / f"{lock}.txt", *([] if lock == ENGINE else [TORCH, WEIGHTS])]
    try:
        wanted = [each for file in files for each in _locked(file)]
    except ImportError:
        return ["pip"]
    return [f"{name}=={version}" for name, version in wanted if not _has(name, version)]


def _locked(file: Path) -> list[tuple[str, str]]:
    """(name, version) of each requirement of a lock that this Python on this system needs."""
    from pip._vendor.packaging.requirements import Requirement

    lines = file.read_text(encoding="utf-8").splitlines()
    requirements = (Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum())
    needed = [each for each in requirements if each.marker is None or each.marker.evaluate()]
    return [(each.name, str(each.specifier).removeprefix("==")) for each in needed]


def _has(name: str, version: str) -> bool:
    """A local version is the same one: 2.13.0+cpu is a build of 2.13.0."""
    try:
        return metadata.version(name).partition("+")[0] == version
    except metadata.PackageNotFoundError:
        return False


def _run_again(python: str) -> None:
    """The same command in another Python, in place of this process (on Windows: below it)."""
    command = [python, *sys.argv]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    os.execv(python, command)


if __name__ == "__main__":
    ensure_environment()
    sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))
