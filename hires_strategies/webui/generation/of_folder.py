"""One picture of a folder, as a generation of its own: what hangs on its `p`, and the request that it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.running.outcome import Result
from hires_strategies.webui.host import attachments, progress
from hires_strategies.webui.host.processing import Processing

from .request import Request

# The host names a file so in place of its original; output.file_names puts the original's name there.
ORIGINAL_NAME = "hires-strategies-original"


@dataclass(frozen=True)
class OfFolder:
    """A picture of a folder. `beside`: the file that its results lie beside and are named for; None for the host's own
    output folder and names."""

    image: Image
    beside: Path | None


def hang(p: Processing, picture: OfFolder) -> None:
    attachments.hang(p, attachments.OF_FOLDER, picture)


def let_go(p: Processing) -> None:
    """Let go of all that hangs on a `p` that has ended. It refers back to `p`: what does is freed late, or never while
    a run goes on."""
    for name in ("sample", "setup_prompts", "save_samples", attachments.JOB, attachments.BAR, attachments.OF_FOLDER):
        attachments.drop(p, name)


def held(p: Processing) -> OfFolder | None:
    return attachments.held(p, attachments.OF_FOLDER, OfFolder)


def one_picture(p: Processing, request: Request) -> Request:
    """The request for the picture that hangs on `p`; any other request as it is.

    Raises StrategyError for a folder where there is no such picture: a script of the list runs the generation, or a
    program that does without the host's own way to start one.
    """
    if request.folder is None:
        return request
    picture = held(p)
    if picture is None:
        raise StrategyError(
            "A folder of pictures cannot be run by a script of the list (X/Y/Z plot and the like): choose 'None' "
            "under Script, or start from an image."
        )
    return replace(request, folder=None, first_pass_image=picture.image)


def require_a_result(p: Processing, result: Result) -> None:
    """Raise StrategyError where every stage of a picture of a folder failed: what is left is the picture itself, and
    there is nothing to save. What the user stopped is as the host's rules have it."""
    if held(p) is not None and not progress.is_stopping() and all(outcome.error for outcome in result.stages):
        raise StrategyError(" ".join(result.troubles))


def naming(p: Processing) -> dict[str, Any]:
    """Settings with which the host names the files of one picture for it, numbered if there are several."""
    number = "-[generation_number]" if p.n_iter * p.batch_size > 1 else ""
    return {
        "samples_filename_pattern": ORIGINAL_NAME + number,
        "save_images_add_number": False,
        "save_to_dirs": False,
        "grid_save_to_dirs": False,
    }
