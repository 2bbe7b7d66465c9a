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
GRADIO_4 = ROOT / "tests" / "requirements-gradio4.txt"
PYTHONS = ((3, 10), (3, 11))


def ensure_environment(gradio4: bool = False) -> None:
    """Returns in a Python that has the pinned packages; may replace this process to get there.

    With `gradio4`, those of requirements-gradio4.txt take the place of their namesakes, in an environment of their own.
    """
    if sys.version_info[:2] not in PYTHONS:
        _run_again(_other_python())
    files = [REQUIREMENTS, GRADIO_4] if gradio4 else [REQUIREMENTS]
    if not _unmet(files):
        return
    folder = ROOT / (".venv-gradio4" if gradio4 else ".venv")
    if Path(sys.prefix).resolve() != folder.resolve():
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not python.exists():
            print(f"Making {folder}", flush=True)
            venv.create(folder, with_pip=True, clear=folder.exists())
        _run_again(str(python))
    print(f"Installing {files[-1].relative_to(ROOT)} into {folder}: a minute or more, once", flush=True)
    wanted = map(str, _wanted(files))
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted])
    if unmet := _unmet(files):
        sys.exit(f"pip installed {files[-1]}, and these are still missing: {', '.join(unmet)}")


def _wanted(files: list[Path]) -> list:
    """The pinned requirements; of two with one name, the later file's."""
    from pip._vendor.packaging.requirements import Requirement

    texts = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    lines = (text.partition("#")[0].strip() for text in texts)
    return list({each.name: each for each in (Requirement(line) for line in lines if line)}.values())


def _unmet(files: list[Path]) -> list[str]:
    """Those that this Python lacks or has in another version."""
    return [str(r) for r in _wanted(files) if (r.marker is None or r.marker.evaluate()) and not _has(r)]


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
