"""`python -m tests.browser.screenshots URL`: the README's pictures of the section, the sheet and the wipe."""

from __future__ import annotations

import argparse
import io
import sys
import urllib.request
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.section import Section

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
STRATEGIES = "Latent x2 @{auto-0.1,auto,auto+0.1}\nR-ESRGAN 4x+ x2 @0.35"
PROMPT = "1girl, red hair, blue dress, standing, full body, outdoors, trees, sunset, smile"
WIDEST = 1000  # pixels


def main() -> int:
    """Take all pictures from the WebUI at the given address. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("url", help="a WebUI with the extension, http://127.0.0.1:7860 for example")
    parser.add_argument("--strategies", default=STRATEGIES, help="what to generate and compare")
    options = parser.parse_args()
    if not CHROMIUM:
        print("No Chromium on this machine: apt-get install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{options.url}/?__theme=light")
        take(Section(page), options.strategies)
        browser.close()
    return 0


def take(section: Section, strategies: str) -> None:
    """Generate once; the section, the sheet (where the host shows one) and the wipe."""
    page = section.page
    section.set_host("txt2img_prompt", PROMPT)
    section.set_host("txt2img_seed", "5")
    section.write(strategies)
    section.generate()
    section.write(strategies + " ")  # the preview again, now with the seconds that were just learnt
    section.part("as_text").locator(".label-wrap").first.click()
    section.part("strategies").wait_for(state="hidden")
    save(section.part("enable").screenshot(), "section")
    records = section.info.get("hires_strategies", [])
    for record in records:
        if record["kind"] == "sheet":
            with urllib.request.urlopen(section.images[record["index"]]) as answer:
                save(answer.read(), "sheet")
    variant = next(record["index"] for record in records if record["kind"] == "variant")
    section.select_image(variant)
    page.locator("#txt2img_hires_strategies_compare").click()
    page.locator(".hires-strategies-compare-handle").wait_for()
    page.wait_for_function("() => document.querySelector('.hires-strategies-compare output').textContent")
    page.keyboard.press("0")
    save(page.screenshot(), "wipe")


def save(content: bytes, name: str) -> None:
    """A small PNG in docs/images: a palette does for a page's few colours, and photographs become somewhat coarse."""
    image: Any = Image.open(io.BytesIO(content)).convert("RGB")
    image.thumbnail((WIDEST, 10_000))
    path = FOLDER / f"{name}.png"
    image.quantize(192).save(path, optimize=True)
    print(f"{path.name}: {image.width}x{image.height}, {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    sys.exit(main())
