"""The section as a person sees it: what can be read, typed and pressed, by the host's element ids alone."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from PIL import Image

PREFIX = "#script_hires_strategies_"
SETTLED = 30_000  # milliseconds that the page may take on a busy machine

# An HTML part's text, without its progress: Gradio 3 gives the id to its frame, too, Gradio 4 to the frame alone.
_LOG = "#html_log_txt2img.prose, #html_log_txt2img .prose"
_PICTURES = "() => [...document.querySelectorAll('#txt2img_gallery img')].map((each) => each.src).join()"


class Section:
    """The ticked section on an open page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.set_default_timeout(SETTLED)
        page.wait_for_selector("#txt2img_generate", timeout=60_000)
        # The first answer for the preview: from here on Gradio listens.
        page.wait_for_function(f"() => document.querySelector('{PREFIX}preview')?.textContent.trim()", timeout=60_000)
        self.tick()

    def part(self, name: str) -> Any:
        return self.page.locator(PREFIX + name).first

    def field(self, name: str) -> Any:
        """The element that holds a field's value: a slider's number, a text, a dropdown's choice, a tick."""
        return self.part(name).locator("input:not([type=range]), textarea").first

    def tick(self, on: bool = True) -> None:
        if self.part("preset").is_visible() != on:
            self.part("enable").locator(".label-wrap").first.click()
        self.part("preset").wait_for(state="visible" if on else "hidden")

    def unfold(self, name: str) -> None:
        """Open what is folded under this name: "as_text", "what_runs", "returned" or "keepers"."""
        inside = self.part(name).locator(".label-wrap + div").first
        if not inside.is_visible():
            self.part(name).locator(".label-wrap").first.click()
        inside.wait_for()

    def unfold_stage(self, number: int) -> None:
        """Open a stage's further fields with its button."""
        if not self.part(f"stage{number}_steps").is_visible():
            self.press(f"stage{number}_more")
        self.part(f"stage{number}_steps").wait_for()

    @property
    def text(self) -> str:
        return self.field("strategies").input_value()

    def write(self, text: str) -> None:
        """Type a strategy and wait until the page has answered."""
        self.unfold("as_text")
        self.field("strategies").fill(text)
        self.wait_until_shown(text)

    def wait_until_shown(self, text: str) -> None:
        """Until preview and rows belong to this text, which the hidden field says."""
        self.page.wait_for_function(
            "([id, text]) => document.querySelector(id + 'shown textarea, ' + id + 'shown input')?.value"
            ".split('\\n').slice(1).join('\\n') === text",
            arg=[PREFIX, text],
            timeout=SETTLED,
        )

    def wait_for_text(self, text: str) -> None:
        self.page.wait_for_function(
            "([id, text]) => document.querySelector(id + 'strategies textarea').value === text",
            arg=[PREFIX, text],
            timeout=SETTLED,
        )
        self.wait_until_shown(text)

    def wait_for_other_text(self, text: str) -> str:
        """Until the text is another one, and is shown; returns it."""
        self.page.wait_for_function(
            "([id, text]) => document.querySelector(id + 'strategies textarea').value !== text",
            arg=[PREFIX, text],
            timeout=SETTLED,
        )
        self.wait_until_shown(self.text)
        return self.text

    def change(self, name: str, value: str) -> None:
        """Type into a field of the page or the section, and leave it."""
        box = self.field(name)
        box.fill(value)
        box.press("Tab")

    def choose(self, name: str, option: str) -> None:
        self.choose_host(PREFIX[1:] + name, option)

    def choose_host(self, elem_id: str, option: str) -> None:
        part = self.page.locator(f"#{elem_id}").first
        part.locator("input").first.click()
        part.locator(f'li[aria-label="{option}"]').click()

    def name_preset(self, name: str) -> None:
        """Type a name into the box of presets, key by key: Gradio 3 takes it from the keys."""
        box = self.field("preset")
        box.click()
        box.press("ControlOrMeta+a")
        box.press_sequentially(name)
        box.press("Tab")

    def press(self, name: str) -> None:
        self.part(name).click()

    def slow_edits(self, seconds: float) -> None:
        """Let the server take its time to write fields into the text."""

        def wait(route: Any) -> None:
            time.sleep(seconds)
            route.continue_()

        self.page.route("**/run/hires_strategies_edit", wait)

    @property
    def preview(self) -> str:
        return self.part("preview").inner_text()

    @property
    def plan(self) -> str:
        """What will run, in full, whether or not it is folded."""
        return self.part("plan").text_content()

    def set_host(self, elem_id: str, value: str) -> None:
        box = self.page.locator(f"#{elem_id}").locator("input[type=number], textarea").first
        box.fill(value)
        box.press("Tab")

    def small_first_pass(self) -> None:
        for name, value in (("width", "128"), ("height", "192"), ("steps", "4"), ("seed", "5")):
            self.set_host(f"txt2img_{name}", value)

    def generate(self, button: str = "txt2img_generate") -> None:
        """Press a button and wait for the end of the job that it starts."""
        before = self.page.locator(_LOG).last.inner_html()
        pictures = self.page.evaluate(_PICTURES)
        self.page.locator(f"#{button}").click()
        # Two jobs may take equally long, and then the log says the same: the pictures have new addresses.
        self.page.wait_for_function(
            f"([before, pictures]) => {{ const log = [...document.querySelectorAll('{_LOG}')].at(-1); "
            f"const changed = log.innerHTML !== before || ({_PICTURES})() !== pictures; "
            "return changed && log.textContent.includes('Time taken'); }",
            arg=[before, pictures],
            timeout=120_000,
        )
        self.wait_until_drawn()

    def wait_until_drawn(self) -> None:
        """Until the images are loaded, and what came with them is shown, which Gradio 4 does at the next frame."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('#txt2img_gallery img')].every((image) => image.complete)"
        )
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def message(self) -> str:
        return self.page.locator(_LOG).last.inner_text()

    @property
    def images(self) -> list[str]:
        """The gallery's images in order, as addresses."""
        sources = self.page.evaluate(
            "() => { const all = [...document.querySelectorAll('#txt2img_gallery .thumbnail-item img')];"
            "const any = all.length ? all : [...document.querySelectorAll('#txt2img_gallery img')];"
            "return any.map((image) => image.src); }"
        )
        return list(dict.fromkeys(sources))

    def pixels(self, index: int) -> bytes:
        """The size and the pixels of an image of the gallery."""
        with urllib.request.urlopen(self.images[index]) as answer:
            image = Image.open(answer).convert("RGB")
            return bytes(str(image.size), "ascii") + image.tobytes()

    def select_image(self, index: int) -> None:
        self.page.locator("#txt2img_gallery .thumbnail-small, #txt2img_gallery .thumbnail-item").nth(index).click()

    @property
    def info(self) -> dict[str, Any]:
        """The generation's info, as the API returns it."""
        box = self.page.locator("#generation_info_txt2img").locator("textarea, input").first
        return json.loads(box.input_value() or "{}")
