"""CONTRIBUTING's "Add a stage option", step 1, taken in a copy: one row, and the engine knows the option everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a program in the copy finds out, with the row of the guide in its table.
CHECKS = """
from hires_strategies.editing.change import changed, read_change
from hires_strategies.editing.rows import line_from_rows, rows_from_line
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import strategy_from_object
from hires_strategies.notation.json_schema import STAGE_SCHEMA
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.stage_options import BY_FIELD

text = "None x2 @0.5 [churn 0.5]"
(strategy,) = parse(text)
assert format_strategy(strategy) == text and strategy.stages[0].churn == 0.5
assert strategy_from_object({"stages": [
    {"upscaler": "None", "scale": 2, "denoising_strength": 0.5, "churn": 0.5}]}) == strategy
assert STAGE_SCHEMA["properties"]["churn"]["maximum"] == 1

rows = rows_from_line(text)
assert rows[0].get("churn") == 0.5 and line_from_rows(rows) == text
assert format_strategy(changed(strategy, read_change("churn", "0.7"))) == "None x2 @0.5 [churn 0.7]"
assert BY_FIELD["churn"].axis == "Churn"

first = FirstPass(512, 512, 20)
plan = make_plan(parse("None x2 @0.5 [churn {0.5,0.7}]\\nNone x2 @0.5"), first)
assert len(plan.stages) == 3 and plan.stages[0].sampling.churn == 0.5

for wrong, words in (("[churn 1.5]", "The churn has to be a number above 0 and at most 1, found 1.5."),
                     ("[churn x]", "Expected a number after 'churn', found 'x'."),
                     ("[20 chrun]", "'churn 0.5'")):
    try:
        parse("None x2 @0.5 " + wrong)
    except StrategyError as error:
        assert words in str(error), error
    else:
        raise AssertionError(wrong)
"""


def guide() -> str:
    """The row that the guide shows, as a field of Options."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = re.search(r"```python\n(   churn: .*?)```", text, re.DOTALL)
    assert shown
    return "".join(f" {line}\n" for line in shown[1].rstrip().splitlines())


def test_one_row_is_known_everywhere(tmp_path: Path) -> None:
    package = tmp_path / "hires_strategies"
    shutil.copytree(ROOT / "hires_strategies", package, ignore=shutil.ignore_patterns("webui", "__pycache__"))
    table = package / "stage_options.py"
    before = table.read_text(encoding="utf-8")
    place = before.index("    prompt: str | None = ")
    table.write_text(before[:place] + guide() + before[place:], encoding="utf-8")
    program = [sys.executable, "-c", CHECKS]
    ran = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
