"""The texts of one batch's images: the strategy and the generation parameters that each one states.

A text alone makes its picture again. So it states the strategy as it was for that image: prompts with their styles
applied, and with what extensions expanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modules import shared

from hires_strategies.notation.sweeps import as_written
from hires_strategies.notation.text import format_stage
from hires_strategies.planning.plan import Node, Plan
from hires_strategies.strategy import Stage
from hires_strategies.webui.host import infotext, parameters
from hires_strategies.webui.host.parameters import BatchParameters
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.stage_prompts import StagePrompts, unfilled_sentence, with_schedule
from hires_strategies.webui.neighbours import hires_fix_tweaks

End = int | None  # the last stage of a path, by its index in the plan; None for the first pass


class BatchTexts:
    """Created while the host works on the batch; `written` is what its stages wrote."""

    def __init__(self, p: Processing, plan: Plan, prompts: StagePrompts, written: BatchParameters) -> None:
        self.plan = plan
        self.prompts = prompts
        self._p = p
        self._notes = written.notes
        self._schedule = written.before.get("Schedule type")
        self._told = {end: self._rendered(self._of_path(written, end)) for end in (None, *range(len(plan.stages)))}
        keys = {key for told in self._told.values() for key in told}
        self._before = self._rendered({key: written.before.get(key) for key in keys})

    def strategy_to(self, end: End, position: int, node: int | None = None) -> str | None:
        """The strategy that ends at a stage, as it was for an image; None for the first pass.

        `node`: a later stage, whose variant's own wording is used if several mean the same.
        """
        if end is None:
            return None
        strategy = self.plan.strategy_to(end, end if node is None else node)
        return " > ".join(self._format(stage, position) for stage in strategy.stages)

    def stage(self, end: int, position: int, node: int) -> str:
        """The last stage of such a strategy."""
        return self._format(self.plan.strategy_to(end, node).stages[-1], position)

    def variant(self, index: int, position: int) -> str:
        """A variant's strategy, with its own numbers even if another one's picture is the same."""
        return " > ".join(self._format(stage, position) for stage in self.plan.strategies[index].stages)

    def notes(self, end: End) -> tuple[str, ...]:
        """Remarks on the prompts along a path, and on other extensions in its stages."""
        path = self.plan.path(end) if end is not None else []
        found = [self.prompts.unfilled(node.sampling) for node in path if node.sampling]
        told = [note for node in path for note in self._notes.get(node.id, ())]
        told += [sentence for index, sentence in self.plan.told if index in {node.index for node in path}]
        return tuple(dict.fromkeys([*(unfilled_sentence(each) for each in found if each), *told]))

    def write(self, p: Processing, end: End, strategies: Sequence[str | None] | None = None) -> None:
        """Make the host's texts of the batch describe a path; `strategies`: each image's, if not worded as here."""
        if strategies is None:
            strategies = [self.strategy_to(end, position) for position in range(self.prompts.count)]
        parameters.write(p, {infotext.KEY: strategies, **self._told[end]})

    def retold(self, text: str, position: int, ends: tuple[End, End], strategy: str | None) -> str:
        """The host's text of an image, rewritten for another picture of it; `ends` of the old and the new path."""
        shown, end = ends
        return self._with(text, position, shown, self._values(end, position), strategy)

    def of_sheet(self, text: str, position: int, shown: End, written: str | None) -> str:
        """The host's text of an image, rewritten for a sheet: every variant, as it was `written` where that says the
        same for this image, and everything they wrote."""
        values: dict[str, str | None] = {}
        for variant in self.plan.variants:
            for key, value in self._values(variant.node, position).items():
                if value is not None:
                    values.setdefault(key, value)
        whole = as_written(written, [self.variant(index, position) for index in range(len(self.plan.variants))])
        return self._with(text, position, shown, values, whole)

    def _with(self, text: str, position: int, shown: End, new: dict[str, str | None], strategy: str | None) -> str:
        old, before = self._values(shown, position), {key: texts[position] for key, texts in self._before.items()}
        changes = {infotext.KEY: (self.strategy_to(shown, position), strategy)}
        for key in dict.fromkeys((*old, *new)):
            changes[key] = (old.get(key, before[key]), new.get(key, before[key]))
        return infotext.with_values(text, changes)

    def _values(self, end: End, position: int) -> dict[str, str | None]:
        return {key: texts[position] for key, texts in self._told[end].items()}

    def _of_path(self, written: BatchParameters, end: End) -> dict[str, Any]:
        path = self.plan.path(end) if end is not None else []
        unused = {key: None for key in hires_fix_tweaks.unused(self._p, path) if key in written.before}
        return written.of_path([node.id for node in path], not path or path[0].upscale is not None) | unused

    def _rendered(self, values: dict[str, Any]) -> dict[str, list[str | None]]:
        """Every value as the host would write it for each image of the batch."""
        count = range(self.prompts.count)
        return {key: [parameters.text_of(self._p, value, n) for n in count] for key, value in values.items()}

    def _format(self, stage: Stage, position: int) -> str:
        return format_stage(with_schedule(self.prompts.filled(stage, position), self._p, self._schedule))


def add_autoencoder(written: dict[End, dict[str, Any]], plan: Plan, first_is_latents: bool) -> None:
    """Note, as the host does, each stage (and a first pass) whose autoencoder is not the full one."""
    encoder, decoder = shared.opts.sd_vae_encode_method, shared.opts.sd_vae_decode_method
    latents: dict[End, bool] = {None: first_is_latents}
    if first_is_latents and decoder != "Full":
        written.setdefault(None, {})["VAE Decoder"] = decoder
    for node in plan.stages:
        from_latents = latents[node.parent]
        to_latents = node.sampling is not None or (node.upscale is not None and node.upscale.latent)
        latents[node.index] = to_latents and not node.changed_as_picture
        own = written.setdefault(node.id, {})
        if encoder != "Full" and _encodes(node, from_latents):
            own["VAE Encoder"] = encoder
        if decoder != "Full" and (from_latents or to_latents):
            own["VAE Decoder"] = decoder


def _encodes(node: Node, from_latents: bool) -> bool:
    if node.upscale is None:
        return False
    return not from_latents if node.upscale.latent else node.sampling is not None
