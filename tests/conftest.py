"""The WebUI under test, for the tests over HTTP and in the browser: `--webui-url URL`, or a workbench of our own.

Its log is read by tests that it has to stay clean in: of a WebUI of yours, `--webui-log FILE`.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import properties
from tests.live.hosts import HOSTS

WORKBENCH = Path(__file__).resolve().parent / "workbench"
LIVE = WORKBENCH.parent / "live"
EXTENSIONS = (
    LIVE / "faults",
    LIVE / "batch_changes",
    LIVE / "shared_batches",
    WORKBENCH / "recorder",
    WORKBENCH / "prepared_hints",
)  # for tests only
START_SECONDS = 180
LOG_CHARACTERS = 3000  # of it, beside a failure
# Gradio's own queue says so when a page is left before it has introduced itself, or sent an event's values, on a slow
# machine.
_LEFT_PAGE = re.compile(
    r"ERROR:    Exception in ASGI application\n(?:(?!ERROR: )[\s\S])*?"
    r"(?:WebSocketDisconnect: 100[01]|CancelledError: Task cancelled, timeout graceful shutdown exceeded)\n"
)
LARGE = ("torch", "gradio")  # `python tests engine` does without them


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--webui-url", help="run against this WebUI instead of the workbench")
    parser.addoption("--webui-log", type=Path, help="the file that the WebUI of --webui-url writes its log to")
    parser.addoption("--webui-host", choices=HOSTS, help="which WebUI that is, where its API does not tell it")
    parser.addoption("--thorough", action="store_true", help="all examples of the property tests")
    parser.addoption("--whole", action="store_true", help="a large package that is missing is an error, no skip")


def pytest_configure(config: pytest.Config) -> None:
    properties.configure(thorough=config.getoption("--thorough"))
    if config.getoption("--whole") and (missing := [each for each in LARGE if not find_spec(each)]):
        raise pytest.UsageError(f"The whole of the tests needs {' and '.join(missing)}: `python tests` installs them.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails on the WebUI under test shows the end of that one's log."""
    report = yield
    under_test = getattr(item, "funcargs", {}).get("webui_under_test")
    if report.failed and under_test and under_test.log:
        written = under_test.log.read_text(encoding="utf-8", errors="replace")
        report.sections.append(("The end of the WebUI's log", written[-LOG_CHARACTERS:]))
    return report


def pytest_report_header(config: pytest.Config) -> str:
    return f"WebUI under test: {config.getoption('--webui-url') or 'the workbench'}"


@dataclass(frozen=True)
class UnderTest:
    """The WebUI under test: its address, and the file of its log where that is known."""

    url: str
    log: Path | None


@pytest.fixture(scope="session")
def webui_under_test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnderTest]:
    """The given WebUI, or the workbench, which is started for the session, with the tests' extensions."""
    given = request.config.getoption("--webui-url")
    if given:
        yield UnderTest(given, request.config.getoption("--webui-log"))
        return
    folder = tmp_path_factory.mktemp("workbench")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--data-dir", str(folder)]
    options += ["--gradio4"] if metadata.version("gradio").startswith("4.") else []
    options += [text for extension in EXTENSIONS for text in ("--extension", str(extension))]
    log = folder / "log.txt"
    own = {**os.environ, "GRADIO_TEMP_DIR": str(folder / "gradio")}  # equal pictures of two servers would be one file
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, str(WORKBENCH / "__main__.py"), *options], stdout=output, stderr=subprocess.STDOUT, env=own
        )
    try:
        _wait_until_it_runs(server, log)
        yield UnderTest(f"http://127.0.0.1:{port}", log)
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def webui_url(webui_under_test: UnderTest) -> str:
    """The address of the WebUI under test."""
    return webui_under_test.url


@pytest.fixture
def log_stays_clean(webui_under_test: UnderTest) -> Iterator[None]:
    """While a test runs, nothing fails in the WebUI under test, whether or not its page tells of it."""
    log = webui_under_test.log
    if log is None:
        pytest.skip("this WebUI's log is not known: --webui-log FILE names it")
    before = log.stat().st_size
    yield
    with log.open("rb") as file:
        file.seek(before)
        written = file.read().decode("utf-8", errors="replace")
    written = _LEFT_PAGE.sub("", written)
    assert "Traceback (most recent call last)" not in written and "Error executing callback" not in written, written


def _wait_until_it_runs(server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if "The workbench runs on" in log.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.1)
    pytest.fail(f"The workbench did not start. Its log:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")
