"""The Pythons of this machine that the tests run on, from 3.10 to 3.13. Standard library only.

`python tests/pythons.py 3.13` tells where that one is, with exit status 1 if it is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ((3, 10), (3, 11), (3, 12), (3, 13))
PREFERRED = ((3, 11), (3, 10), (3, 13), (3, 12))  # A1111's own first, then the newest fork's


def suits(version: tuple[int, ...] = sys.version_info[:2]) -> bool:
    return version in VERSIONS


def found() -> dict[tuple[int, int], str]:
    """Version -> an interpreter of it that runs: on the path, or one that pyenv installed."""
    return {version: path for version in VERSIONS if (path := _find(version))}


def other() -> str:
    """An interpreter that the tests run on, in place of this one. Ends the program if there is none."""
    for version in PREFERRED:
        if path := _find(version):
            return path
    sys.exit(f"This needs Python 3.10, 3.11, 3.12 or 3.13. This is {sys.version.split()[0]}, and no other was found.")


def _find(version: tuple[int, int]) -> str | None:
    if sys.version_info[:2] == version:
        return sys.executable
    return next((path for path in _candidates(version) if _runs(path, version)), None)


def _candidates(version: tuple[int, int]) -> list[str]:
    name = "{}.{}".format(*version)
    on_path = shutil.which(f"python{name}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    program = "python.exe" if os.name == "nt" else "bin/python"
    return [*([on_path] if on_path else []), *(str(each / program) for each in sorted(pyenv.glob(f"{name}.*")))]


def _runs(path: str, version: tuple[int, int]) -> bool:
    """False for pyenv's stand-in of a version that is not switched on: it is there, and refuses to run."""
    code = "import sys, ensurepip, venv; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.split() == [str(part) for part in version]


if __name__ == "__main__":
    place = _find((int(sys.argv[1].split(".")[0]), int(sys.argv[1].split(".")[1])))
    print(place or f"Python {sys.argv[1]} is not on this machine.")
    sys.exit(0 if place else 1)
