"""What is said while pip installs: few lines, each true."""

from __future__ import annotations

import sys

import pytest

from tests import pip_progress
from tests.pip_progress import EVERY, Progress

# As pip 23.2 and 24.0 write it without a bar.
OLD = """Collecting aiofiles==23.2.1 (from -r gradio3.txt (line 3))
  Downloading aiofiles-23.2.1-py3-none-any.whl (15 kB)
Collecting gradio==3.41.2 (from -r gradio3.txt (line 9))
  Using cached gradio-3.41.2-py3-none-any.whl (20.1 MB)
Requirement already satisfied: numpy==1.26.4 in /venv/lib (from -r gradio3.txt (line 20)) (1.26.4)
Installing collected packages: aiofiles, gradio
Successfully installed aiofiles-23.2.1 gradio-3.41.2
"""
NEW = """Looking in links: /wheels
Processing /wheels/torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl (from -r torch.txt (line 3))
Collecting sympy==1.13.3 (from torch)
  Downloading sympy-1.13.3-py3-none-any.whl.metadata (12 kB)
Downloading https://files.example/packages/sympy-1.13.3-py3-none-any.whl (6.2 MB)
Downloading torch-2.13.0-cp312-cp312-manylinux_2_28_x86_64.whl (1.1 GB)
Installing collected packages: sympy, torch
"""


class Told:
    """A Progress with a clock that is set by hand."""

    def __init__(self, packages: int) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.progress = Progress(packages, self.lines.append, lambda: self.now)

    def hear(self, text: str) -> None:
        for line in text.splitlines(keepends=True):
            self.progress.heard(line)
            self.progress.tick()


def test_little_is_said_of_a_quick_installation() -> None:
    told = Told(3)
    told.hear(OLD)
    told.now = 65
    told.progress.end()
    assert told.lines == [
        "    0:00 3 of 3 packages, 20 MB; now unpacking them",
        "    1:05 done, 3 of 3 packages, 20 MB",
    ]


def test_what_takes_long_is_named_with_its_size() -> None:
    told = Told(2)
    told.hear("\n".join(NEW.splitlines()[:-1]))
    told.now = EVERY
    told.hear("\n\n")
    assert told.lines == ["    0:10 2 of 2 packages, 1106 MB; now torch 2.13.0 (1.1 GB)"]


def test_silence_is_broken_now_and_then_and_not_more_often() -> None:
    told = Told(9)
    for told.now in range(91):
        if told.now < 25:
            told.progress.heard("Collecting a")
        told.progress.tick()
    assert [line.split()[0] for line in told.lines] == ["0:10", "0:20", "0:30", "1:00", "1:30"]


def test_more_packages_than_were_asked_for_are_counted_as_what_they_are() -> None:
    told = Told(1)
    told.hear(NEW)
    assert "2 of 2 packages" in told.lines[-1]


@pytest.mark.parametrize("status", [0, 3])
def test_a_command_is_run_and_its_status_given(status: int, capfd: pytest.CaptureFixture[str]) -> None:
    code = f"import sys; print('Collecting a'); print('WARNING: old\\nno', file=sys.stderr); sys.exit({status})"
    assert pip_progress.run([sys.executable, "-c", code], 1) == status
    out, err = capfd.readouterr()
    assert ("done, 1 of 1 packages" in out, err.strip()) == (status == 0, "no")
    pip_progress.run([sys.executable, "-c", code], 1, tell_errors=False)
    assert capfd.readouterr().err == ""
