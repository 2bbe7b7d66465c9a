"""The engine knows no WebUI and no tensor, and its imports run one way."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "hires_strategies"
FILES = {path.stem: path for path in PACKAGE.glob("*.py")}
# Each room may import from those before it.
ORDER = ["errors", "limits", "located", "braces", "literals", "strategy", "names", "options", "notation", "sizes",
         "plan", "cost", "schedule", "report", "host", "run"]  # fmt: skip
COMMAND = {"__init__", "__main__", "errors", "limits", "located", "braces", "literals", "strategy", "names", "options",
           "notation", "sizes", "plan", "cost", "schedule", "report"}  # fmt: skip
WITH_PICTURES = {"PIL", "numpy"}
# What is remembered of a first pass are the host's own tensors.
WITH_TENSORS = {"first_pass", "fingerprint"}


def imported(path: Path) -> tuple[set[str], set[str]]:
    """The modules of this package, and the top-level names of all others, that a file imports anywhere in it."""
    ours, others = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            others |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{path.name} leaves the package"
            if node.level == 0:
                others.add((node.module or "").split(".")[0])
            elif node.module:
                ours.add(node.module.split(".")[0])
            else:
                ours |= {name.name for name in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            assert called not in ("__import__", "import_module"), f"{path.name} hides an import"
    return ours, others


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_engine_needs_no_webui(name: str) -> None:
    ours, others = imported(FILES[name])
    assert ours <= FILES.keys(), "the engine does not know its host"
    assert not others & {"modules", "gradio", "fastapi", "hires_strategies"}
    allowed = WITH_PICTURES | ({"torch"} if name in WITH_TENSORS else set())
    assert others <= sys.stdlib_module_names | allowed


@pytest.mark.parametrize("name", sorted(COMMAND))
def test_the_command_needs_the_standard_library_alone(name: str) -> None:
    ours, others = imported(FILES[name])
    assert ours <= COMMAND
    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ORDER)
def test_imports_run_one_way(name: str) -> None:
    ours, _ = imported(FILES[name])
    assert ours <= set(ORDER[: ORDER.index(name)])


def test_there_is_no_circle() -> None:
    assert list(TopologicalSorter({name: imported(path)[0] for name, path in FILES.items()}).static_order())


def test_files_are_short() -> None:
    too_long = {
        name: lines for name, path in FILES.items() if (lines := len(path.read_text("utf-8").splitlines())) > 250
    }
    assert too_long == {}
