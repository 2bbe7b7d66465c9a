"""Where the WebUI and its data lie."""

from pathlib import Path

_workbench = Path(__file__).resolve().parent.parent
_repository = _workbench.parent.parent

modules_path = str(_workbench / "modules")
script_path = str(_workbench)
# Set by the start (--data-dir) before anything else of `modules` is imported.
data_path = str(_repository / "outputs" / "workbench")
# The font of grids; written by the start.
roboto_ttf_file = ""
