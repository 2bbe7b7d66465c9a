"""The section's events are made once for each page.

Gradio 4 makes a component anew, outside of any page, when an event updates it: the host tells of that as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest


@pytest.fixture
def made(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is made for pages, in order."""
    from hires_strategies.webui.page import events, gallery_buttons

    calls: list[str] = []

    def counting(name: str, original: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: Any) -> None:
            calls.append(name)
            original(*arguments)

        return counted

    monkeypatch.setattr(events, "wire", counting("events", events.wire))
    monkeypatch.setattr(gallery_buttons, "build_buttons", counting("buttons", gallery_buttons.build_buttons))
    return calls


def make_page() -> None:
    """The page with its API, as the host makes it at its start and after "Reload UI"."""
    from fastapi import FastAPI
    from modules import call_queue, scripts, ui
    from modules.api.api import Api

    scripts.load_scripts()
    ui.create_ui()
    Api(FastAPI(), call_queue.queue_lock)


def test_once_whatever_is_made_anew_later(made: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second time after "Reload UI"
        make_page()
        assert sorted(made) == ["buttons", "events"]
        for _ in range(2):
            gr.Gallery(elem_id="txt2img_gallery")
            gr.Button("again", elem_id="txt2img_upscale")
            gr.Slider(elem_id="txt2img_width")
        assert sorted(made) == ["buttons", "events"]
        made.clear()
    assert "Traceback" not in "".join(capfd.readouterr())
