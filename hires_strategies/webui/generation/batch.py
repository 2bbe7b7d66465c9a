"""The results of one batch of a ticked generation."""

from __future__ import annotations

from dataclasses import dataclass

from hires_strategies.planning.plan import Plan
from hires_strategies.running.run import Result

from .generated_images import GeneratedImages
from .texts import BatchTexts


@dataclass
class Batch:
    """The results of one batch: `iteration` counts from 0, `seeds` and `prompts` are the batch's.

    `first_pass_reused`: the first pass came from memory. `saves_finished`, `saves_unfinished`: whether the host's rules
    save such pictures, which depends on an interrupt or skip that the next batch no longer knows. `first_pass_saved`:
    the first pass is already in a file. `images`: which of the returned images are the generated ones.
    `texts`: the contents of their texts. `handed_out`: the names of the images' first passes, if the page may ask for
    them.
    """

    iteration: int
    plan: Plan
    result: Result
    seeds: list[int]
    prompts: list[str]
    texts: BatchTexts
    images: GeneratedImages
    first_pass_reused: bool = False
    saves_finished: bool = True
    saves_unfinished: bool = True
    first_pass_saved: bool = False
    handed_out: tuple[str, ...] = ()

    def saves(self, node: int) -> bool:
        """Whether the pictures of a stage are saved."""
        return self.saves_finished if self.result.stages[node].error is None else self.saves_unfinished

    def shown_by(self, variant: int) -> int:
        """The variant whose picture represents this one: itself, the one it equals or, among unfinished ones, the first
        that shows the same last finished stage."""
        variants = self.plan.variants
        same_as = variants[variant].same_as
        first = variant if same_as is None else same_as
        outcome = self.result.stages[variants[first].node]
        if outcome.error is None:
            return first
        for earlier, other in enumerate(variants[:first]):
            shown = self.result.stages[other.node]
            if other.same_as is None and shown.error is not None and shown.reached == outcome.reached:
                return earlier
        return first

    def reached(self, node: int) -> int | None:
        """The last stage in what is shown for a stage: itself, or the last one finished before it; None for the
        first pass."""
        return self.result.stages[node].reached

    def text_of(self, node: int, position: int) -> str | None:
        """The strategy that alone gives what a stage shows, as it was for one image; None for the first pass."""
        return self.texts.strategy_to(self.reached(node), position, node)

    def retold(self, text: str, position: int, node: int | None, strategy: str | None) -> str:
        """The host's text of an image, rewritten for what is shown at a stage (None: the first pass)."""
        end = None if node is None else self.reached(node)
        return self.texts.retold(text, position, (self._shown, end), strategy)

    def of_sheet(self, text: str, position: int, written: str | None) -> str:
        """The host's text of an image, rewritten for the sheet of its variants, which were `written` so."""
        return self.texts.of_sheet(text, position, self._shown, written)

    @property
    def _shown(self) -> int | None:
        """The last stage in what the host has as its image."""
        return self.reached(self.plan.variants[0].node)
