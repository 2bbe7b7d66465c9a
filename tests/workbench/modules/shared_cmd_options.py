"""The command line of the WebUI, as far as the workbench has it."""

import argparse
import os

_parser = argparse.ArgumentParser(prog="python tests/workbench", description="A small WebUI to run the extension in.")
_parser.add_argument("--demo", action="store_true", help="run the main job, write its pictures to outputs/, and end")
_parser.add_argument("--port", type=int, default=7870, help="port on 127.0.0.1 (default 7870)")
_parser.add_argument("--gradio4", action="store_true", help="on Gradio 4, as Forge has it, instead of A1111's Gradio 3")
_parser.add_argument("--nowebui", action="store_true", help="the API alone, without the page")
_parser.add_argument("--api", action="store_true", default=True, help="the API; always on here")
_parser.add_argument("--api-auth", help='"user:password", several with commas, asked for by every API route')
_parser.add_argument("--data-dir", help="folder for images and settings (default outputs/workbench)")
_parser.add_argument("--device", default=os.environ.get("WORKBENCH_DEVICE", "cpu"), help="cpu, or cuda")
_parser.add_argument("--extension", action="append", default=[], help="a further extension's folder, to load as well")
_parser.add_argument("--disable-nan-check", action="store_true", help="let NaNs through, as the host's option")
_parser.add_argument("--no-prompt-history", action="store_true", help="write no params.txt")
_parser.add_argument("--hide-ui-dir-config", action="store_true", help="no folders can be named on the page")
_parser.add_argument("--gradio-allowed-path", action="append", default=[], help="a folder whose files are served")

cmd_opts = _parser.parse_args([])


def _parse(arguments: list[str]) -> None:
    """The command line of this process; until then every option has its default."""
    vars(cmd_opts).update(vars(_parser.parse_args(arguments)))
