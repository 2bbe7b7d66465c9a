"""The strategies that the documentation shows are strategies."""

from __future__ import annotations

import re

import pytest

from hires_strategies.notation.text import parse
from tests.docs_tables import ROOT

PAGES = (
    "README.md",
    "docs/notation.md",
    "docs/models-of-stages.md",
    "docs/benchmarks.md",
    "docs/tiles.md",
    "docs/study/README.md",
)
# A whole strategy in code: an upscaler's name, a scale or a size, and what follows. "@{...}" is no value.
_STRATEGY = re.compile(r"(?:[\w{][^`\n]*? )?(?:x[\d.]+|\d+x\d+)(?: [^`\n]*)?")
_CODE = re.compile(r"`([^`\n]+)`|^ {4}(\S.*)$", re.M)


def strategies(page: str) -> list[str]:
    texts = [one or two for one, two in _CODE.findall((ROOT / page).read_text(encoding="utf-8"))]
    return [
        text
        for text in texts
        if _STRATEGY.fullmatch(text) and " " in text and "..." not in text and text[:7] != "python "
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_strategy_of_a_page_can_be_read(page: str) -> None:
    for text in strategies(page):
        assert parse(text), text


def test_strategies_are_found() -> None:
    found = strategies("README.md")
    assert "Direct x2" in found and "Latent x2 @{0.5,0.7} > {None,R-ESRGAN 4x+} x2" in found
    assert len(found) > 12
