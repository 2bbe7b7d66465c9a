"""`python tests`: every check that this machine can run. Options are told by `python tests --help`."""

import argparse
import subprocess
import sys
from pathlib import Path

import bootstrap

TESTS = bootstrap.ROOT / "tests"


def main() -> int:
    """Runs ruff, mypy and pytest over the repository; 0 when all of them pass."""
    options = _options()
    bootstrap.ensure_environment(options.gradio4)
    if options.webui_path:
        return _run("names and signatures", [str(TESTS / "workbench" / "check_names.py"), options.webui_path])
    if options.webui_url:
        chosen = options.pytest or ["tests/live"]
        status = _run("tests/live", ["-m", "pytest", f"--webui-url={options.webui_url}", *chosen])
        return _finish({" ".join(chosen): status}, options.webui_url)
    if options.gradio4:
        chosen = options.pytest or ["tests/browser", "tests/live", "tests/webui"]
        return _finish({" ".join(chosen): _run("pytest", ["-m", "pytest", *chosen])}, "workbench on Gradio 4")
    results = {
        "ruff": _run("ruff", ["-m", "ruff", "check", "."]),
        "mypy": _run("mypy", ["-m", "mypy"]),
        "pytest": _run("pytest", ["-m", "pytest", *options.pytest]),
    }
    return _finish(results, "workbench only")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests", description="Every check that this machine can run.")
    parser.add_argument("--webui-url", metavar="URL", help="run tests/live against this WebUI, not the workbench")
    parser.add_argument("--webui-path", metavar="DIR", help="require of a WebUI's sources all the workbench offers")
    parser.add_argument("--gradio4", action="store_true", help="run the page's tests on Gradio 4, as Forge has it")
    parser.add_argument("pytest", nargs="*", help="paths and options for pytest, after --")
    return parser.parse_args()


def _run(title: str, arguments: list[str]) -> int:
    print(f"\n== {title}", flush=True)
    return subprocess.call([sys.executable, *arguments], cwd=bootstrap.ROOT)


def _finish(results: dict[str, int], hosts: str) -> int:
    failed = [title for title, status in results.items() if status != 0]
    print(f"\nHosts used: {hosts}.")
    print(f"Failed: {', '.join(failed)}." if failed else f"Passed: {', '.join(results)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    # `python tests` puts tests/ on the path; the checks themselves run in the repository root.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
