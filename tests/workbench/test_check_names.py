"""The check of names and signatures finds what differs, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from check_names import Comparison, read
from host_differences import host_of, unexplained

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


@pytest.mark.parametrize(
    ("file", "text", "host"),
    [
        ("CHANGELOG.md", "## 1.8.0-RC\n\n## 1.7.0", ("A1111 1.8", (1, 8))),
        ("CHANGELOG.md", "## 1.10.1", ("A1111 1.10", (1, 10))),
        ("modules_forge/forge_version.py", "version = '2.0.1v1.10.1'", ("Forge", None)),
        ("modules_forge/forge_version.py", "version = '1.0.0v2-v1.10.1RC'", ("reForge", None)),
        ("modules_forge/forge_version.py", 'version = "classic"', ("Classic", None)),
        ("modules_forge/forge_version.py", 'version = "neo"', ("Neo of February 2026", None)),
        ("modules_forge/forge_version.py", 'version = "neo"\nrelease = "2.26"', ("Neo 2.26", None)),
        ("README.md", "", ("an unknown WebUI", None)),
    ],
)
def test_a_host_is_known_by_its_version(
    tmp_path: Path, file: str, text: str, host: tuple[str, tuple[int, int] | None]
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert host_of(tmp_path) == host


def test_a_difference_is_explained_on_the_host_that_has_it(tmp_path: Path) -> None:
    changes = tmp_path / "CHANGELOG.md"
    problem = "modules/scripts.py: Script: post_sample: there is none"
    changes.write_text("## 1.7.0", encoding="utf-8")
    assert unexplained(tmp_path, [problem]) == []
    longer = "modules/scripts.py: Script: post_samples: there is none"
    assert unexplained(tmp_path, [longer]) == [longer], "another name that begins alike"
    changes.write_text("## 1.10.1", encoding="utf-8")
    assert unexplained(tmp_path, [problem]) == [problem]


def test_a_row_whose_difference_has_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "modules_forge").mkdir()
    (tmp_path / "modules_forge" / "forge_version.py").write_text('version = "neo"', encoding="utf-8")
    gone = unexplained(tmp_path, [])
    assert "host_differences.py: on Neo of February 2026, 'modules/shared_options.py: there is no setting font' is " \
        "no difference" in gone  # fmt: skip
