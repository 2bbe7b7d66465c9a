"""`python -m hires_strategies TEXT --size 512x768 --steps 20`: what a strategy will do and cost. Needs no WebUI."""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from collections.abc import Sequence

from hires_strategies.notation.text import parse
from hires_strategies.planning.answer import as_dict
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.report import as_text
from hires_strategies.planning.tree import check_first_pass, make_plan

from .errors import StrategyError

_ONE_EACH = "The shell passed {} texts, each of which is a strategy: put every strategy in quotation marks."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a plan. Returns the exit status: 0, or 2 for a text that is not a strategy."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for a console or a pipe that cannot show every name
    options = _parser().parse_intermixed_args(arguments)
    try:
        plan = _plan(options)
    except StrategyError as error:
        print(error, file=sys.stderr)
        if any(" " not in text.strip() for text in options.strategy) and len(options.strategy) > 1:
            print(_ONE_EACH.format(len(options.strategy)), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(as_dict(plan), indent=2))
    else:
        print(as_text(plan))
    return 0


def _plan(options: argparse.Namespace) -> Plan:
    width, height = options.size
    first_pass = FirstPass(width, height, options.steps, options.sampler, options.scheduler)
    plan = make_plan(parse("\n".join(options.strategy)), first_pass)
    if plan.needs_first_pass:
        check_first_pass(first_pass)
    return plan


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hires_strategies", description="Show what hires strategies will do and what they cost."
    )
    parser.add_argument(
        "strategy", nargs="+", help="for example 'Latent x2 @{0.5,0.7} > R-ESRGAN 4x+ x2'; several are several variants"
    )
    parser.add_argument(
        "--size", type=_size, default=(512, 512), metavar="WxH", help="size of the first pass (512x512)"
    )
    parser.add_argument("--steps", type=_steps, default=20, help="sampling steps of the first pass (20)")
    # The page's own defaults, so that both agree.
    parser.add_argument("--sampler", default="DPM++ 2M", help="sampler of the first pass (DPM++ 2M)")
    parser.add_argument("--scheduler", default="Automatic", help="schedule type of the first pass (Automatic)")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    return parser


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)[x×X](\d+)", text)
    if not found or not int(found[1]) or not int(found[2]):
        raise argparse.ArgumentTypeError(f"a size is written WIDTHxHEIGHT, 512x768 for example, found '{text}'")
    return int(found[1]), int(found[2])


def _steps(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"steps are a whole number from 1 on, found '{text}'")
    return int(text)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # `| head` closed the pipe: nobody is left to tell
        sys.stderr.close()
