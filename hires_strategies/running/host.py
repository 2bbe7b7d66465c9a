"""What the engine needs from a WebUI: the Host protocol, which is all that run.py knows of one."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from PIL.Image import Image

from hires_strategies.finding.change import Ends
from hires_strategies.planning.plan import Node, Plan
from hires_strategies.planning.sizes import Upscale
from hires_strategies.planning.sought import Found, Sought

# A batch of the model's scaled latents: rows and columns are the last two dimensions, which the engine slices, and the
# images the first. B x C x H/8 x W/8 with most models, B x C x T x H/8 x W/8 with some (Qwen-Image, Wan).
Latents = Any


@dataclass(frozen=True)
class Sampled:
    """What a sampling did: its starting sigma and its number of model evaluations; None where the host cannot say.

    `denoising_strength` is the one by which it started, None for the plan's. `layout_kept`: how much of the layout of
    what it started from was in the model's first prediction (finding.layout), the mean over the batch. `ran` is the
    stage as it was sampled, None for as planned.
    """

    start_sigma: float | None = None
    evaluations: int | None = None
    denoising_strength: float | None = None
    layout_kept: float | None = None
    ran: Node | None = None


@dataclass(frozen=True)
class SearchStart:
    """What a stage whose strength is looked for starts from.

    `images` are the pictures that `latents` were encoded from, if any; `before` those before they were enlarged.
    """

    latents: Latents
    images: list[Image] | None
    before: list[Image]


class BeginInTiles(Exception):
    """All of a stage does not fit: it has to begin again as `node`, in tiles from its encode on, as its text says."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"'{node.text}' has to be sampled in tiles")
        self.node = node


class Host(Protocol):
    """The verbs of a WebUI with a loaded model, for one batch of images.

    Every verb works on the whole batch, in the batch's order, and may raise any Exception: the stage then counts as
    failed. Pictures are RGB images in full quality. `measures`: whether the changes of the layout in sweeps are wanted.
    """

    measures: bool

    def changes_model(self, node: Node, checkpoint: str | None) -> bool:
        """Whether a stage loads another model than the loaded one, before it runs or (a refiner) while it samples."""

    def use_model(self, checkpoint: str | None) -> None:
        """Load the checkpoint that a stage works with, None for the first pass's; nothing if it is loaded already."""

    def latent_space(self) -> Hashable:
        """Equal for models whose latents mean the same."""

    def rewind_generator(self, node: Node | None = None) -> None:
        """Reset torch's generator to where the first pass's noise left it: encoding draws from it.

        For `node`, to where the host's own second pass with that stage's model would find it. Called before a pixel
        upscale and the encode after it, not in between: some upscalers also draw when they load.
        """

    def generator_state(self) -> Any:
        """Where torch's generator stands, for `restore_generator`."""

    def restore_generator(self, state: Any) -> None:
        """Set torch's generator to such a state.

        Called before `sample` with the state after the encode of its pictures: an inpainting model's conditioning is
        encoded from them next.
        """

    def decode(self, latents: Latents, tiled: bool = False) -> list[Image]:
        """The latents decoded to pictures by the model's autoencoder; `tiled`: piece by piece, with less memory."""

    def encode(self, images: list[Image], tiled: bool = False) -> Latents:
        """The latents of pictures of one size; sides are floored to whole latents. `tiled` as for `decode`."""

    def batch_size(self) -> int:
        """How many images the batch has."""

    def joined(self, parts: list[Latents]) -> Latents:
        """Batches of latents as one, in their order."""

    def latent_upscale(self, latents: Latents, upscale: Upscale) -> Latents:
        """Latents resized to upscale.width x upscale.height pixels (whole latents), not yet cropped."""

    def pixel_upscale(self, images: list[Image], upscale: Upscale) -> list[Image]:
        """Pictures resized to exactly upscale.width x upscale.height by the upscaler, not yet cropped."""

    def sample(self, latents: Latents, images: list[Image] | None, node: Node, alone: int | None = None) -> Latents:
        """The second pass of `node` over `latents`. `images` are the pictures they were encoded from, if any.

        `alone`: the batch's image, counted from 0, that is sampled by itself; `latents` and `images` are then its own,
        and torch's generator stands where it does for the whole batch. May raise BeginInTiles.
        """

    def find_strength(self, start: SearchStart, node: Node, sought: Sought) -> Found:
        """The denoising strength that suits `node` from `start`. What runs afterwards is as without it."""

    def layout_ends(self, start: SearchStart, node: Node) -> Ends:
        """How much of the layout the model keeps with the least noise and with the most, by two evaluations."""

    def moved(self, start: SearchStart, node: Node, alone: int | None = None) -> Any:
        """How far one evaluation of the model, with the noise that `node` starts with, moves each latent of `start`:
        a numpy array, images x rows x columns. `alone` as for `sample`. What runs afterwards is as without it."""

    def direct(self, node: Node, alone: int | None = None) -> Latents:
        """txt2img at the node's size, from noise alone. `alone` as for `sample`."""

    def detail(self, images: list[Image], node: Node) -> list[Image]:
        """The pictures of a stage after what the WebUI and its scripts do to finished images, at their own size."""

    def last_sampling(self) -> Sampled:
        """What the last successful `sample` or `direct` did."""

    def next_job(self, node: Node, text: str) -> None:
        """Called before each stage, and before a strength is looked for, which is when `node.auto` is there: the
        progress bar moves on and shows `text`."""

    def replanned(self, plan: Plan) -> None:
        """Called when a strength was found: from now on this is the plan, and some of its stages turned out equal."""

    def stopped(self) -> str | None:
        """'interrupted' or 'skipped' once the user asked for it, else None: what is running then ends unfinished."""

    def ending(self) -> bool:
        """Whether the user asked to finish what is running and to start nothing more."""

    def failed(self, node: Node, error: Exception) -> None:
        """Called after a stage failed: report it, and free what it held."""

    def release(self) -> None:
        """Called between stages, and before something is tried again with less memory: free what is no longer used."""

    def note(self, node: Node, sentence: str) -> None:
        """Tell the user something of a stage."""

    def say(self, sentence: str) -> None:
        """Tell whoever reads the WebUI's log."""
