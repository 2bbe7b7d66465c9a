"""`python tests`: every check that this machine can run. `python tests engine`: the first run of a newcomer, quick."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import bootstrap
import pythons

TESTS = bootstrap.ROOT / "tests"
PAGE = ("tests/browser", "tests/live", "tests/webui")
# Over HTTP on a second Python: parity, and what other versions of the API's packages could change. The rest takes
# longer than all else together, and compares pictures, which tests/webui makes in its own process as well.
HTTP = tuple(
    f"tests/live/test_{name}.py" for name in ("parity", "api", "schema", "auth", "keep_alive", "programs", "docs")
)
SHORT = ("tests/browser", "tests/engine", "tests/webui", "tests/workbench", *HTTP)
MOST_WORKERS = 4  # each has a WebUI of its own, of about a gigabyte


def main() -> int:
    """Runs what was asked for; 0 when all of it passes."""
    options = _options()
    chosen = [_as_path(each) for each in options.chosen]
    if options.every_python:
        return _on_every_python()
    engine_alone = _only_engine(chosen) and not (options.gradio4 or options.webui_url)
    bootstrap.ensure_environment(_lock(options, engine_alone))
    if options.webui_path:
        return _run("names and signatures", [str(TESTS / "workbench" / "check_names.py"), options.webui_path])
    pytest = ["-m", "pytest", *([] if engine_alone else ["--whole"]), *(["--thorough"] if options.thorough else [])]
    if options.webui_url:
        paths = chosen or ["tests/live"]
        status = _run("tests/live", [*pytest, f"--webui-url={options.webui_url}", *paths])
        return _finish({" ".join(paths): status}, options.webui_url)
    if options.gradio4 or any(not each.startswith("-") for each in chosen):
        paths = chosen or list(PAGE)
        return _finish({" ".join(paths): _run("pytest", [*pytest, *paths])}, _workbench(options, engine_alone))
    results = {
        "ruff check": _run("ruff check", ["-m", "ruff", "check", "."]),
        "ruff format": _run("ruff format", ["-m", "ruff", "format", "--check", "."]),
        "mypy": _run("mypy", ["-m", "mypy"]),
        "pytest": _spread([*pytest, *chosen, *(SHORT if options.short else [])]),
    }
    return _finish(results, _workbench(options, engine_alone))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests", description="Every check that this machine can run.")
    parser.add_argument("--thorough", action="store_true", help="all examples of the property tests")
    parser.add_argument("--short", action="store_true", help="as on a second Python: without most of tests/live")
    parser.add_argument("--every-python", action="store_true", help="the engine's tests on each Python found")
    parser.add_argument("--webui-url", metavar="URL", help="run tests/live against this WebUI, not the workbench")
    parser.add_argument("--webui-path", metavar="DIR", help="require of a WebUI's sources all the workbench offers")
    parser.add_argument("--gradio4", action="store_true", help="run the page's tests on Gradio 4, as Forge has it")
    parser.add_argument(
        "chosen", nargs="*", metavar="PATH",
        help="folders or files of tests, 'engine' or 'live/test_api.py' for example, and after -- options for pytest",
    )  # fmt: skip
    return parser.parse_args()


def _as_path(text: str) -> str:
    """What names something in tests/ is a path to it; all else is left to pytest."""
    path, _, test = text.partition("::")
    inside = TESTS / path
    if not path or path.startswith("-") or not inside.exists() or (bootstrap.ROOT / path).exists():
        return text
    return "::".join([inside.relative_to(bootstrap.ROOT).as_posix(), *([test] if test else [])])


def _only_engine(chosen: list[str]) -> bool:
    """Whether paths are given, and each of them is in tests/engine."""
    paths = [bootstrap.ROOT / each.partition("::")[0] for each in chosen if not each.startswith("-")]
    there = [path.resolve() for path in paths if path.exists()]
    return bool(there) and all(path.is_relative_to(TESTS / "engine") for path in there)


def _lock(options: argparse.Namespace, engine_alone: bool) -> str:
    if engine_alone:
        return bootstrap.ENGINE
    return bootstrap.GRADIO_4 if options.gradio4 else bootstrap.usual()


def _on_every_python() -> int:
    """The engine's tests on each Python found, in its own environment; tells which were not found."""
    found, results = pythons.found(), {}
    for version, path in found.items():
        name = "Python {}.{}".format(*version)
        print(f"\n== {name}", flush=True)
        results[name] = subprocess.call([path, str(TESTS), "engine"], cwd=bootstrap.ROOT)
    missing = ["{}.{}".format(*version) for version in pythons.VERSIONS if version not in found]
    print(f"\nNot on this machine: Python {', '.join(missing)}." if missing else "\nNo Python is missing.")
    return _finish(results, "none, the engine alone")


def _run(title: str, arguments: list[str]) -> int:
    print(f"\n== {title}", flush=True)
    return subprocess.call([sys.executable, *arguments], cwd=bootstrap.ROOT)


def _spread(pytest: list[str]) -> int:
    """All tests, whole files of them at a time on each processor. A worker starts its own WebUI when it needs one."""
    workers = max(1, min(MOST_WORKERS, os.cpu_count() or 1))
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # with more, the workers would wait for each other
    return _run("pytest", [*pytest, "-n", str(workers), "--dist", "loadfile"])


def _workbench(options: argparse.Namespace, engine_alone: bool) -> str:
    if engine_alone:
        return "none, the engine alone"
    return "workbench on Gradio 4" if _lock(options, engine_alone) == bootstrap.GRADIO_4 else "workbench on Gradio 3"


def _finish(results: dict[str, int], hosts: str) -> int:
    failed = [title for title, status in results.items() if status != 0]
    print(f"\nPython {sys.version.split()[0]}. Hosts used: {hosts}.")
    print(f"Failed: {', '.join(failed)}." if failed else f"Passed: {', '.join(results)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    # `python tests` puts tests/ on the path; the checks themselves run in the repository root.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
