"""The engine knows no WebUI and no tensor, its imports run one way, and the page, the API and the host's verbs keep to
their rooms."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "hires_strategies"
WEBUI = PACKAGE / "webui"


def name_of(path: Path) -> str:
    """`planning.plan` for hires_strategies/planning/plan.py."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


ALL = {name_of(path): path for path in PACKAGE.rglob("*.py")}
ENGINE = {name: path for name, path in ALL.items() if not path.is_relative_to(WEBUI)}
# Rooms and single files; each may import from those in the lines before it, and from itself.
FLOORS = [
    ["auto", "json_text", "lines", "worded"],
    ["control_units", "where"],
    ["errors", "limits", "size_rules", "wording"],
    ["json_file", "samplers", "value_kinds"],
    ["stage_options"],
    ["strategy"],
    ["vocabulary"],
    ["notation"],
    ["presets", "editing", "planning"],
    ["finding"],
    ["running", "sheet"],
]
COMMAND = {"__main__", "auto", "lines", "control_units", "errors", "limits", "size_rules", "wording", "samplers",
           "value_kinds", "where", "worded", "stage_options", "strategy", "vocabulary", "notation",
           "planning"}  # fmt: skip
NOT_OF_THE_COMMAND = {
    "planning.timing",
    "planning.rates",
    "planning.shares",
    "planning.memory_needs",
    "planning.foreseen",
}
WITH_PICTURES = {"running", "sheet"}
# What is remembered of a first pass are the host's own tensors; a layout is looked for in latents, and locked there.
WITH_TENSORS = {
    "running.first_pass_store", "running.fingerprint", "running.object_parts", "running.value_parts", "running.lock",
    "running.tile_mean", "finding.layout", "finding.search", "finding.blur",
}  # fmt: skip


def imported(path: Path) -> tuple[set[str], set[str]]:
    """The modules of this package, and the top-level names of all others, that a file imports anywhere in it."""
    ours, others = set(), set()
    folder = path.parent.relative_to(PACKAGE.parent).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            others |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{path.name} imports from the folder above by dots"
            start = [*folder, *([node.module] if node.module else [])] if node.level else [node.module or ""]
            module = ".".join(start)
            if module.split(".")[0] != "hires_strategies":
                others.add(module.split(".")[0])
                continue
            module = module.removeprefix("hires_strategies").removeprefix(".")
            for name in node.names:
                inner = f"{module}.{name.name}".removeprefix(".")
                ours.add(inner if inner in ALL else module)
        elif isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            assert called not in ("__import__", "import_module"), f"{path.name} hides an import"
    return ours, others


def room(name: str) -> str:
    return name.split(".")[0]


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_needs_no_webui(name: str) -> None:
    ours, others = imported(ENGINE[name])
    assert ours <= ENGINE.keys(), "the engine does not know its host"
    allowed = {"PIL", "numpy"} if room(name) in WITH_PICTURES else set()
    allowed |= {"torch"} if name in WITH_TENSORS else set()
    assert others <= sys.stdlib_module_names | allowed


@pytest.mark.parametrize("name", sorted(ENGINE.keys() - WITH_TENSORS))
def test_the_rest_of_the_engine_loads_without_torch(name: str) -> None:
    assert not imported(ENGINE[name])[0] & WITH_TENSORS


@pytest.mark.parametrize("name", sorted(name for name in ENGINE if room(name) in COMMAND - NOT_OF_THE_COMMAND))
def test_the_command_needs_the_standard_library_alone(name: str) -> None:
    if name in NOT_OF_THE_COMMAND:
        return
    ours, others = imported(ENGINE[name])
    assert {room(each) for each in ours} <= COMMAND
    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize("name", sorted(name for name in ENGINE if room(name) not in ("__init__", "__main__")))
def test_imports_run_one_way(name: str) -> None:
    floor = next(index for index, rooms in enumerate(FLOORS) if room(name) in rooms)
    below = {each for rooms in FLOORS[:floor] for each in rooms} | {room(name)}
    assert {room(each) for each in imported(ENGINE[name])[0]} <= below


def test_there_is_no_circle() -> None:
    assert list(TopologicalSorter({name: imported(path)[0] for name, path in ALL.items()}).static_order())


def test_files_are_short() -> None:
    too_long = {name: lines for name, path in ALL.items() if (lines := len(path.read_text("utf-8").splitlines())) > 250}
    assert too_long == {}


# Rooms that deal with one other extension each may ask what it has; so may `forks`, of the host.
ASK = ("webui.host.forks", "webui.neighbours")


@pytest.mark.parametrize("name", sorted(ALL.keys() - ENGINE.keys()))
def test_only_forks_asks_what_a_host_has(name: str) -> None:
    """A difference between hosts lies in one place: nobody else asks a module of the host for a name, or whether there
    is such a module."""
    if name.startswith(ASK):
        return
    tree = ast.parse(ALL[name].read_text(encoding="utf-8"))
    of_the_host = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "modules"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            assert not {"ImportError", "ModuleNotFoundError"} & names_in(node.type), f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            assert not of_the_host & names_in(node.args[0]), f"line {node.lineno} asks what the host has"
        if isinstance(node, ast.Attribute) and node.attr == "modules":
            assert "sys" not in names_in(node), f"line {node.lineno} asks which modules there are"


def names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
