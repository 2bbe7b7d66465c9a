"""Runs a command of this repository in a Python that has the pinned packages, and makes that Python if there is none.

Standard library only, and the same on Linux, macOS and Windows. A Python that already has the pinned versions is used
as it is; otherwise the repository gets its own `.venv`.
"""

import os
import shutil
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tests" / "requirements.txt"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PYTHONS = ((3, 10), (3, 11))


def ensure_environment() -> None:
    """Returns in a Python that has the pinned packages; may replace this process to get there."""
    if sys.version_info[:2] not in PYTHONS:
        _run_again(_other_python())
    if not _unmet():
        return
    if Path(sys.prefix).resolve() != VENV.resolve():
        if not VENV_PYTHON.exists():
            print(f"Making {VENV}", flush=True)
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        _run_again(str(VENV_PYTHON))
    print(f"Installing {REQUIREMENTS.relative_to(ROOT)} into {VENV}: a minute or more, once", flush=True)
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)])
    if unmet := _unmet():
        sys.exit(f"pip installed {REQUIREMENTS}, and these are still missing: {', '.join(unmet)}")


def _unmet() -> list[str]:
    """The pinned requirements that this Python lacks or has in another version."""
    from pip._vendor.packaging.requirements import Requirement

    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    wanted = [Requirement(line) for line in lines if line]
    return [str(r) for r in wanted if (r.marker is None or r.marker.evaluate()) and not _has(r)]


def _has(requirement) -> bool:
    try:
        return requirement.specifier.contains(metadata.version(requirement.name))
    except metadata.PackageNotFoundError:
        return False


def _other_python() -> str:
    names = [f"python{major}.{minor}" for major, minor in reversed(PYTHONS)]
    for name in names:
        if found := shutil.which(name):
            return found
    sys.exit(f"This needs Python 3.10 or 3.11 (the WebUI's versions); this is {sys.version.split()[0]}.")


def _run_again(python: str) -> None:
    """The same command in another Python, in place of this process (on Windows: below it)."""
    command = [python, *sys.argv]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    os.execv(python, command)
