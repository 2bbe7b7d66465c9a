"""Where the WebUI and its data lie, under the name that extensions import."""

from modules.paths_internal import data_path, modules_path, script_path

__all__ = ["data_path", "modules_path", "script_path"]
