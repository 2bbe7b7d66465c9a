"""The workbench offers nothing that nobody uses: a wrong name in the extension has to be an error here too."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

WORKBENCH = Path(__file__).resolve().parent
REPOSITORY = WORKBENCH.parent.parent
CALLED_BY_GRADIO = {"get_expected_parent", "get_block_name"}


def test_every_public_name_and_setting_is_used_somewhere() -> None:
    from modules import shared_options

    folders = ("hires_strategies", "scripts", "javascript", "tests")
    files = [file for folder in folders for file in (REPOSITORY / folder).rglob("*") if file.suffix in (".py", ".mjs")]
    words = Counter(word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8")))
    # The extension's own settings join these once it was loaded in this process.
    offered = {name for name in shared_options.options_templates if not name.startswith("hires_strategies_")}
    for file in (WORKBENCH / "modules").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                offered.add(node.name)
    unused = {name for name in offered - CALLED_BY_GRADIO if words[name] < 2}
    assert unused == set()
