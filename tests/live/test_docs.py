"""Every example of docs/api.md, as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.client import WebUI

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = [
    pytest.param(kind, code, id=f"{title} ({kind})")
    for title, section in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    for kind, code in re.findall(r"^```(bash|python)\n(.*?)^```", section, re.M | re.S)
]


def test_there_is_one_of_each_for_every_use() -> None:
    kinds = [parameter.values[0] for parameter in EXAMPLES]
    assert kinds == ["bash", "python"] * 10


@pytest.mark.parametrize(("kind", "code"), EXAMPLES)
def test_the_example_runs(webui: WebUI, tmp_path: Path, kind: str, code: str) -> None:
    command = [sys.executable, "-c", code]
    if kind == "bash":
        if not (shutil.which("bash") and shutil.which("curl")):
            pytest.skip("this machine has no bash or no curl")
        command = ["bash", "-euo", "pipefail", "-c", code]
    environment = {**os.environ, "WEBUI": webui.url}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")
