"""The check of names and signatures finds what differs, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from check_names import Comparison, read

HOST = """
class Base:
    def inherited(self, p, *args, **kwargs): pass
class Script(Base):
    def process(self, p, *, name, index=0): self.state = 1
def sample(p, steps=None): pass
if True:
    def conditional(): pass
alias = sample
"""


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ("def sample(p, steps=1): pass", None),
        ("def conditional(): pass", None),
        ("def _private(): pass", None),
        ("def alias(p): pass", None),
        ("class Script:\n    def inherited(self, p, *args, **kwargs): pass", None),
        ("class Script:\n    def process(self, p, *, name, index=2): pass", None),
        ("def samples(p): pass", "modules/x.py: samples: there is none"),
        ("def sample(p, steps): pass", "modules/x.py: sample(p, steps): the WebUI has (p, steps?)"),
        ("def sample(p, count=1): pass", "modules/x.py: sample(p, count?): the WebUI has (p, steps?)"),
        ("class Scripts: pass", "modules/x.py: there is no class Scripts"),
        ("class Script:\n    def run(self): pass", "modules/x.py: Script: run: there is none"),
        (
            "class Script:\n    def inherited(self, p, *args): pass",
            "modules/x.py: Script: inherited(self, p, *args): the WebUI has (self, p, *args, **kwargs)",
        ),
    ],
)
def test_a_difference_is_found(tmp_path: Path, own: str, problem: str | None) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "x.py").write_text(HOST, encoding="utf-8")
    comparison = Comparison(tmp_path)
    comparison.names(read(ast.parse(own).body), comparison.host_modules["modules/x.py"], "modules/x.py")
    assert comparison.problems == ([] if problem is None else [problem])
