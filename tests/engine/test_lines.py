"""One rule for where a line ends, and no second one anywhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hires_strategies.lines import lines_of, split_lines

PACKAGE = Path(__file__).resolve().parents[2] / "hires_strategies"
# A separator, or a pattern, of line breaks alone.
LINE_BREAKS = re.compile(r"\|*((\\[rn]|[\r\n])\|*)+")
NO_LINE_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def test_lines_end_as_in_a_text_box() -> None:
    assert split_lines("a\r\nb\rc\n\nd\n") == ["a", "b", "c", "", "d", ""]
    assert split_lines("") == [""]
    assert lines_of(" a\n \n\r\nb ") == [" a", "b "]


@pytest.mark.parametrize("sign", NO_LINE_BREAKS)
def test_other_signs_end_no_line(sign: str) -> None:
    assert split_lines(f"a{sign}b") == [f"a{sign}b"]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_splits_lines_by_a_rule_of_its_own(path: Path) -> None:
    if path.name == "lines.py" and path.parent == PACKAGE:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        assert node.func.attr != "splitlines", f"line {node.lineno}"
        if node.func.attr in ("split", "rsplit", "partition", "rpartition", "compile"):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            assert not [text for text in texts if LINE_BREAKS.fullmatch(text)], f"line {node.lineno}"
