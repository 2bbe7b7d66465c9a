"""The results of one batch of a ticked generation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from PIL.Image import Image

from hires_strategies.planning.plan import Plan
from hires_strategies.planning.sought import Points, Sought
from hires_strategies.running.outcome import Result
from hires_strategies.webui.host import saving
from hires_strategies.webui.host.expansion import Expansion
from hires_strategies.webui.host.parameters import BatchParameters, as_they_stand
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.stage_prompts import StagePrompts

from .generated_images import GeneratedImages, Made, made_by
from .texts import BatchTexts


@dataclass
class Begun:
    """A batch whose first pass is done; `wrote.by_stage` is filled while its stages run."""

    p: Processing
    plan: Plan
    prompts: StagePrompts
    wrote: BatchParameters
    made: list[Made]
    reused: bool
    handed_out: tuple[str, ...] = ()

    def ended(self, result: Result, first_pass_saved: bool = False) -> Batch:
        """The batch with its results, as the host's rules stand now."""
        p = self.p
        return Batch(
            iteration=p.iteration,
            plan=self.plan,
            result=result,
            seeds=list(p.seeds),
            prompts=list(p.prompts),
            texts=BatchTexts(p, self.plan, self.prompts, self.wrote),
            images=GeneratedImages(self.made, result.stages[self.plan.variants[0].node].images or []),
            parameters=dict(p.extra_generation_params),
            first_pass_reused=self.reused,
            saves_finished=saving.saves_finished(p),
            saves_unfinished=saving.saves_unfinished(p),
            first_pass_saved=first_pass_saved,
            handed_out=self.handed_out,
        )


def begin(p: Processing, plan: Plan, expansion: Expansion, reused: bool, written: frozenset[str]) -> Begun:
    """The batch that `p` is running; `written`: the generation parameters that its first pass wrote."""
    prompts = StagePrompts(p, expansion)
    return Begun(p, plan, prompts, BatchParameters(as_they_stand(p), written), made_by(p), reused)


@dataclass(frozen=True)
class Detailed:
    """A variant's picture after the host's own work on each image, with its text; without them, `error` says why."""

    image: Image | None = None
    text: str | None = None
    error: str | None = None


@dataclass
class Batch:
    """The results of one batch: `iteration` counts from 0, `seeds` and `prompts` are the batch's.

    `first_pass_reused`: the first pass came from memory. `saves_finished`, `saves_unfinished`: whether the host's rules
    save such pictures, which depends on an interrupt or skip that the next batch no longer knows. `first_pass_saved`:
    the first pass is already in a file. `images`: which of the returned images are the generated ones.
    `texts`: the contents of their texts. `why_not_reused`: a sentence if no first pass like this one can be.
    `handed_out`: the names of the images' first passes, if the page may ask for them. `images_before`: how many images
    earlier batches gave. `parameters`: the generation parameters when the stages were done. `texts_without`: the host's
    text of each image without what was done to it after them, and the same for paths with `detail` in them.
    `detailed`: the further variants that went through the same, by variant and position. `points`: what was looked at
    when a strength that is remembered was found.
    """

    iteration: int
    plan: Plan
    result: Result
    seeds: list[int]
    prompts: list[str]
    texts: BatchTexts
    images: GeneratedImages
    parameters: dict[str, Any]
    first_pass_reused: bool = False
    saves_finished: bool = True
    saves_unfinished: bool = True
    first_pass_saved: bool = False
    images_before: int = 0
    why_not_reused: str | None = None
    texts_without: dict[bool, list[str] | None] = field(default_factory=dict)
    detailed: dict[tuple[int, int], Detailed] = field(default_factory=dict)
    handed_out: tuple[str, ...] = ()
    points: Callable[[Sought], Points] = lambda sought: ()

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
        return self.texts.retold(text, position, (self.shown_end, end), strategy)

    def of_sheet(self, text: str, position: int, written: str | None) -> str:
        """The host's text of an image, rewritten for the sheet of its variants, which were `written` so."""
        return self.texts.of_sheet(text, position, self.shown_end, written)

    def strategy_of(self, variant: int, position: int) -> str | None:
        """The strategy in the text of a variant's image: what alone gives what it shows."""
        node = self.plan.variants[variant].node
        finished = self.result.stages[node].error is None
        return self.texts.variant(variant, position) if finished else self.text_of(node, position)

    def text_without(self, position: int, node: int | None = None) -> str | None:
        """The host's text of an image without what was done to it after the stages, for what is shown at a stage; None
        if that is not known."""
        end = None if node is None else self.reached(node)
        within = end is not None and any(each.detail for each in self.plan.path(end))
        texts = self.texts_without.get(within)
        return texts[position] if texts is not None else None

    def further_pictures(self) -> Iterator[tuple[int, list[Image]]]:
        """The further variants that have pictures of their own, finished or not, with those of the whole batch."""
        for variant in range(1, len(self.plan.variants)):
            images = self.result.stages[self.plan.variants[variant].node].images
            if images is not None and self.shown_by(variant) == variant:
                yield variant, images

    @property
    def shown_end(self) -> int | None:
        """The last stage in what the host has as its image."""
        return self.reached(self.plan.variants[0].node)
