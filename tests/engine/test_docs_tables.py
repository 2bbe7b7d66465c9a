"""The documentation's tables say what the code does."""

from __future__ import annotations

from tests.docs_tables import NOTATION, ROOT, with_options


def test_the_table_of_options_is_the_code_s() -> None:
    text = NOTATION.read_text(encoding="utf-8")
    assert with_options(text) == text, "python -m tests.docs_tables writes it anew"


def test_the_architecture_names_every_file() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = [path for path in (ROOT / "hires_strategies").rglob("*.py") if not path.name.startswith("__")]
    assert [path.name for path in files if path.name not in text] == []
