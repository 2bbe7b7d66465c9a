"""`python -m hires_strategies`, as people, shells and scripts call it, on a Python that has nothing installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# -I -S: no site-packages and no environment. What the engine must not need cannot be imported even where it is there.
BARE = """
import runpy, sys
for name in ("torch", "numpy", "PIL", "gradio", "modules", "hires_strategies.webui"):
    sys.modules[name] = None
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("hires_strategies", run_name="__main__", alter_sys=True)
"""


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", BARE, str(ROOT), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def test_the_plan_as_json() -> None:
    done = command("Latent x2 @{0.5,0.7} > R-ESRGAN 4x+ x2", "--size", "512x768", "--steps", "20", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    plan = json.loads(done.stdout)
    assert plan["variants"] == ["Latent x2 @0.5 > R-ESRGAN 4x+ x2", "Latent x2 @0.7 > R-ESRGAN 4x+ x2"]
    keys = ("text", "parent", "width", "height", "steps")
    assert [tuple(stage[key] for key in keys) for stage in plan["stages"]] == [
        ("Latent x2 @0.5", None, 1024, 1536, 20),
        ("R-ESRGAN 4x+ x2", 0, 2048, 3072, 0),
        ("Latent x2 @0.7", None, 1024, 1536, 20),
        ("R-ESRGAN 4x+ x2", 2, 2048, 3072, 0),
    ]
    assert plan["cost"] == 9


def test_the_start_sigma_is_the_pages() -> None:
    # The page's default sampler has Karras behind "Automatic".
    for more in ([], ["--sampler", "DPM++ 2M"], ["--sampler", "DPM++ 2M Karras"], ["--scheduler", "Karras"]):
        assert "start sigma 1.18" in command("Latent x2 @0.5", *more).stdout
        assert json.loads(command("Latent x2 @0.5", "--json", *more).stdout)["stages"][0]["start_sigma"] == 1.1817
    assert "start sigma 1.55" in command("Latent x2 @0.5", "--sampler", "Euler").stdout
    assert "start sigma 1.55" in command("Latent x2 @0.5 [sampler Euler]").stdout


def test_merged_stages_are_one() -> None:
    plan = json.loads(command("Latent x2 @{0.95,1}", "--steps", "15", "--json").stdout)
    assert plan["variants"] == ["Latent x2 @0.95", "Latent x2 @1"]
    assert len(plan["stages"]) == 1


def test_the_plan_for_people() -> None:
    done = command("Latent x2 @{0.95,1} > Lanczos x1.5", "--size", "512x768", "--steps", "15", "--scheduler", "Karras")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    for wanted in (
        "2 variants:",
        "  1. Latent x2 @0.95 > Lanczos x1.5",
        "  2. Latent x2 @1 > Lanczos x1.5",
        "First pass: 512x768, 15 steps",
        "  Latent x2 @0.95: 1024x1536, 15 steps, start sigma 14.61, 4.0 first passes",
        "    Lanczos x1.5: 1536x2304, no sampling",
        "Same picture, made once: Latent x2 @1 > Lanczos x1.5 = Latent x2 @0.95 > Lanczos x1.5",
        "Cost: about 5.0 first passes of sampling",
    ):
        assert wanted in lines


def test_only_direct_says_that_there_is_no_first_pass() -> None:
    done = command("Direct 1024x1024", "--steps", "1")
    assert "No first pass:" in done.stdout
    assert "  Direct 1024x1024: 1024x1024, 1 step, start sigma 14.61, 4.0 first passes" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Latnt x2 @0.5"], "Line 1, column 1: Unknown upscaler 'Latnt'. Did you mean 'Latent'"),
        (["Latent x2"], "Line 1, column 10: A latent upscale without sampling is a blur"),
        (["None x2\nLatent x2 @1.7"], "Line 2, column 12: The denoising strength has to be a number from 0"),
        (["None x2", "Latent x16 @1", "--size", "1024x1024"], "Line 2, column 1: 'Latent x16 @1' makes 16384x16384"),
        (["Latent x2 @{0..1..0.0001}"], "Line 1, column 12: This asks for more than 64 variants"),
        ([""], "The text is empty"),
        (["None x2", "--size", "9999999x1"], "The first pass's number for 'width' has to be a whole number"),
        (["None x2", "--size", "512"], "a size is written WIDTHxHEIGHT, 512x768 for example, found '512'"),
        (["None x2", "--size", "0x512"], "found '0x512'"),
        (["None x2", "--size", "9" * 5000 + "x1"], "--size"),
        (["None x2", "--steps", "0"], "steps are a whole number from 1 on, found '0'"),
        (["None x2", "--steps", "9" * 400], "The first pass's number for 'steps' has to be a whole number"),
        (["None x2", "--steps", "-3"], "--steps"),
        ([], "strategy"),
        # What a shell makes of a strategy without quotation marks, and cmd.exe of one in single ones.
        (["Latent", "x2", "@0.7"], "The shell passed 3 texts, each of which is a strategy"),
        (["'Latent", "x2", "@0.7'"], "put every strategy in quotation marks"),
    ],
)  # fmt: skip
def test_a_bad_text_is_status_2_and_one_message(arguments: list[str], message: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["Latent x2 @{0.5,0.7}"],  # quoted: the text arrives whole
        ["Latent x2 @0.5", "Latent x2 @0.7"],  # bash expanded the braces itself
        ["Latent x2 @0.5\nLatent x2 @0.7\n"],
        ["Latent x2 @0.5\r\nLatent x2 @0.7\r\n"],  # from a file made on Windows
        ["Latent x2 @0.5\r", "Latent x2 @0.7\r"],
        ["Latent x2 @0.5", "--steps", "20", "Latent x2 @0.7"],
        ["--steps=20", "--", "Latent x2 @{0.5..0.7..0.2}"],
    ],
)
def test_arguments_as_shells_pass_them(arguments: list[str]) -> None:
    done = command("--json", *arguments)
    assert done.stderr == ""
    assert json.loads(done.stdout)["variants"] == ["Latent x2 @0.5", "Latent x2 @0.7"]


def test_any_console_can_show_any_name() -> None:
    arguments = [sys.executable, "-m", "hires_strategies", "漫画 x2"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    text, as_json = (
        subprocess.run(
            [*arguments, *more], cwd=ROOT, env=environment, capture_output=True, timeout=60, check=True
        ).stdout
        for more in ([], ["--json"])
    )
    assert b"\\u6f2b\\u753b x2" in text
    assert json.loads(as_json.decode("ascii"))["variants"] == ["漫画 x2"]
