"""Which folders may be read: on the page any that the WebUI can read, over the API only the host's allowed paths.

The page follows the host's own "img2img batch": `--hide-ui-dir-config` switches folders off. Over the API, a file is
served by the host (Gradio's `/file=`) if it lies in the data folder or in one named by `--gradio-allowed-path`, and the
same holds here. What counts is where a path ends when every link and every ".." in it was followed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from modules import shared

from hires_strategies.errors import StrategyError
from hires_strategies.wording import describe, short


def allowed_folder(text: str, is_api: bool) -> Path:
    """The folder of that path, all links followed. Raises StrategyError if it may not be read, or is none."""
    if shared.cmd_opts.hide_ui_dir_config:
        raise StrategyError("The WebUI was started with --hide-ui-dir-config: folders cannot be chosen.")
    named = text.strip()
    if not is_api:
        named = os.path.expanduser(_unquoted(named))
    try:
        folder = Path(os.path.realpath(named))
        if is_api:
            _check(folder, named)
        if not named or not folder.is_dir():
            raise StrategyError(f"There is no folder {short(named)} on the machine that runs the WebUI.")
    except StrategyError:
        raise
    except (OSError, ValueError) as error:
        raise StrategyError(f"The folder {short(named)} cannot be read: {describe(error)}") from None
    return folder


def may_read(path: Path, is_api: bool) -> bool:
    """Whether a file of an allowed folder may be read itself: a link can lead out of it."""
    return not is_api or _is_inside(os.path.realpath(path), _allowed())


def _check(folder: Path, named: str) -> None:
    """Asked before it is looked at, so that nobody learns which folders there are."""
    if not os.path.isabs(named):
        raise StrategyError(f"'folder' has to be a whole path, from the root or the drive on, found {short(named)}.")
    if not _is_inside(str(folder), _allowed()):
        raise StrategyError(
            f"The folder {short(named)} does not lie in a folder that the API may read: the WebUI's data folder, and "
            "those named by --gradio-allowed-path when it was started."
        )


def _allowed() -> list[str]:
    """A1111 and its forks add the data folder to the option's own; each as it is when all links were followed."""
    paths = shared.cmd_opts.gradio_allowed_path or ()
    return [os.path.realpath(path) for path in paths]


def _is_inside(path: str, folders: Sequence[str]) -> bool:
    return any(_contains(folder, path) for folder in folders)


def _contains(folder: str, path: str) -> bool:
    """Both are as os.path.realpath gives them, so the beginning tells. A drive's root ends with a separator."""
    folder, path = (os.path.normcase(each).rstrip(os.path.sep) + os.path.sep for each in (folder, path))
    return path.startswith(folder)


def _unquoted(text: str) -> str:
    """Without the quotation marks that Windows' "Copy as path" puts around a path."""
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
