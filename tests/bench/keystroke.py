"""What a keystroke costs the page's main thread on a running WebUI: `python -m tests.bench.keystroke URL`.

Read from Chromium's own trace (which itself costs some of it), in milliseconds of processor time: everything until the
pause that sends one request, then everything that this request and its answer cause, and the longest single task
of both. The host's prompt box, and no key at all, stand beside it to compare with.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.section import Section

PAUSE, ANSWER = 150, 750  # milliseconds: shorter than the wait for a request, longer than its answer takes
CATEGORIES = ["toplevel", "blink.user_timing", "devtools.timeline"]
STRATEGY, PROMPT = "#script_hires_strategies_strategies textarea", "#txt2img_prompt textarea"
CASES: tuple[tuple[str, str | None, str, str], ...] = (
    ("the text, one stage more", STRATEGY, "Latent x2 @0.7", " > None x2"),
    ("the text, three stages", STRATEGY, "Latent x1.5 @0.6 > Lanczos x1.5 @0.4 > None x2", "00 [1 step"),
    ("the host's prompt", PROMPT, "", "a blue hat"),
    ("no key", None, "", "----------"),
)


def main() -> None:
    options = argparse.ArgumentParser(description="Milliseconds of the page's main thread for a keystroke.")
    options.add_argument("url", help="a WebUI with the extension, http://127.0.0.1:7860 for example")
    url = options.parse_args().url
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.goto(url)
        section = Section(page)
        print(f"{'':26}{'key':>8}{'most':>8}{'longest':>9}{'request':>10}{'most':>8}{'longest':>9}   (medians)")
        for title, box, text, keys in CASES:
            if text:
                section.write(text)
            key, request = measured(browser, page, box, keys)
            print(f"{title:26}{_row(key)}{_row(request):>27}", flush=True)
        browser.close()


def _row(tasks: list[list[float]]) -> str:
    totals, longest = [sum(each) for each in tasks], [max(each, default=0.0) for each in tasks]
    return f"{statistics.median(totals):8.1f}{max(totals):8.1f}{statistics.median(longest):9.1f}"


def measured(browser: Any, page: Any, box: str | None, keys: str) -> tuple[list[list[float]], list[list[float]]]:
    """The lengths of the main thread's tasks, for each key and for what follows its pause."""
    if box:
        page.locator(box).first.press("End")
    page.wait_for_timeout(ANSWER)
    browser.start_tracing(page=page, categories=CATEGORIES)
    for key in keys:
        page.evaluate("() => { performance.mark('hires-strategies'); }")
        if box:
            page.keyboard.type(key)
        page.wait_for_timeout(PAUSE)
        page.evaluate("() => { performance.mark('hires-strategies'); }")
        page.wait_for_timeout(ANSWER)
    page.evaluate("() => { performance.mark('hires-strategies'); }")
    tasks = list(_tasks(json.loads(browser.stop_tracing())["traceEvents"]))
    return tasks[::2], tasks[1::2]


def _tasks(events: list[dict[str, Any]]) -> Iterator[list[float]]:
    """The lengths of the tasks between each two marks."""
    marks = sorted((event for event in events if event["name"] == "hires-strategies"), key=lambda event: event["ts"])
    thread = (marks[0]["pid"], marks[0]["tid"])
    outermost = list(
        _outermost([event for event in events if event.get("dur") and (event["pid"], event["tid"]) == thread])
    )
    for start, end in pairwise(mark["ts"] for mark in marks):
        yield [event.get("tdur", event["dur"]) / 1000 for event in outermost if start <= event["ts"] < end]


def _outermost(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The events that lie in no other one: answers run as microtasks, which the trace does not count as tasks."""
    last = 0.0
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        if event["ts"] >= last:
            yield event
            last = event["ts"] + event["dur"]


if __name__ == "__main__":
    main()
