"""Which generation parameters belong in which image's text.

Host, samplers and scripts write into `p.extra_generation_params` while they work: Extra noise, Eta DDIM, Lora hashes
and so on. A text holds what was written on its image's path: by the first pass (if the path has one) and by its stages.
A stage's value is under its own key if nothing else on the path wrote a different one, so that it is read back as the
host's own. The first pass keeps its key; a stage that differs has "Eta in stage 2", which no reader takes as a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from modules import sd_samplers_common, shared

from .forks.infotext import encoder_notes
from .forks.samplers import scheduler_of
from .processing import Processing

Values = Mapping[str, Any]  # by key of the infotext; None, which the host leaves out, means no value

SCHEDULE = "Schedule type"
_LISTS = (" hashes",)  # ends of keys whose values are lists, "name: hash, name: hash"


class Recorded(dict[str, Any]):
    """Generation parameters that record which of them were written."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._written: set[str] = set()

    def written_and_kept(self) -> dict[str, Any]:
        """What was written and not deleted again, in the order of the whole."""
        return {key: value for key, value in self.items() if key in self._written}

    def __setitem__(self, key: str, value: Any) -> None:
        self._written.add(key)
        super().__setitem__(key, value)

    def __ior__(self, other: Any) -> Recorded:  # type: ignore[override,misc]
        self.update(other)
        return self

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]


def recorded(p: Processing, work: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What `work` returns, and the parameters written meanwhile, even those that were there before."""
    parameters = p.extra_generation_params
    before = set(parameters)
    p.extra_generation_params = own = Recorded(parameters)
    try:
        result = work()
    finally:
        if p.extra_generation_params is own:  # else an extension has replaced it
            p.extra_generation_params = parameters
        for key in before - set(own):
            parameters.pop(key, None)
        parameters.update(own.written_and_kept())
    return result, own.written_and_kept()


def of_stage(p: Processing, q: Processing) -> dict[str, Any]:
    """What a stage wrote into its `q`, a copy of `p`, and what else the host's texts would say about it."""
    written, before = q.extra_generation_params, p.extra_generation_params
    if isinstance(written, Recorded):
        found = written.written_and_kept()
    else:  # an extension has replaced it
        found = {key: value for key, value in written.items() if key not in before or before[key] is not value}
    # The host's key for it in a second pass; it is left out if equal to the first pass's.
    found |= {SCHEDULE: found.pop("Hires schedule type")} if "Hires schedule type" in found else {}
    if q.is_hr_pass and not p.enable_hr:  # with Hires. fix on, the host's own text has it
        found["Token merging ratio hr"] = q.get_token_merging_ratio(for_hr=True) or None
    delta = shared.opts.eta_noise_seed_delta
    # DDIM, too, draws noise if its eta is not 0, and the host does not write the delta then.
    if delta and (_uses_seed_delta(q) or found.get("Eta DDIM")) and not _uses_seed_delta(p):
        found["ENSD"] = delta
    if getattr(q, "is_using_inpainting_conditioning", False) and not getattr(p, "is_using_inpainting_conditioning", 0):
        weight = getattr(q, "inpainting_mask_weight", None)
        found["Conditional mask weight"] = shared.opts.inpainting_mask_weight if weight is None else weight
    return found


def _uses_seed_delta(p: Processing) -> bool:
    return bool(sd_samplers_common.is_sampler_using_eta_noise_seed_delta(p))


def as_they_stand(p: Processing) -> dict[str, Any]:
    """The parameters of `p` now, with the schedule type that its texts state, unless a different one was written."""
    return {SCHEDULE: scheduler_of(p), **p.extra_generation_params}


@dataclass
class BatchParameters:
    """What was written during one batch.

    `before`: the parameters as the first pass left them. `by_first_pass`: the keys it wrote.
    `by_stage`: what each stage wrote, by its id in the plan; None is the first pass as a picture. `notes`: sentences
    on what other extensions did in it.
    """

    before: Values
    by_first_pass: frozenset[str]
    by_stage: dict[int | None, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def of_path(self, path: Sequence[int], has_first_pass: bool) -> dict[str, Any]:
        """The values in a path's text that differ from `before`; None for a key that the text lacks."""
        dropped = frozenset() if has_first_pass else self.by_first_pass
        first = {key: value for key, value in self.before.items() if value is not None and key not in dropped}
        told: dict[str, Any] = dict.fromkeys(dropped)
        stages = [self.by_stage.get(index, {}) for index in path] or [self.by_stage.get(None, {})]
        for key in dict.fromkeys(key for stage in stages for key in stage):
            written = {n: stage[key] for n, stage in enumerate(stages, 1) if stage.get(key) is not None}
            if written:
                told |= _told(key, first.get(key), written)
        return told


def _told(key: str, first: Any, written: Mapping[int, Any]) -> dict[str, Any]:
    """How a text states a key that stages (counted from 1) wrote; `first` is its value before them."""
    values = list(written.values())
    if key.endswith(_LISTS):
        whole = _union([first, *values])
        return {key: whole} if whole != first else {}
    if first is None and all(_same(value, values[0]) for value in values):
        return {key: values[0]}
    return {f"{key} in stage {n}": value for n, value in written.items() if not _same(value, first)}


def _same(one: Any, other: Any) -> bool:
    return one is other or (one is not None and other is not None and str(one) == str(other))


def _union(lists: Sequence[Any]) -> str:
    parts = [part for each in lists if each for part in str(each).split(", ")]
    return ", ".join(dict.fromkeys(parts))


class Told(str):
    """A value in the texts of a batch's images: the host calls it with the image's index.

    As a string it is the first image's, for hosts that accept strings only. It knows which value it replaced.
    """

    texts: tuple[str | None, ...]
    before: Any

    def __new__(cls, texts: Sequence[str | None] = (), before: Any = None) -> Told:
        if isinstance(texts, str):  # recreated by a copy or a pickle
            texts = (texts,)
        told = super().__new__(cls, next((text for text in texts if text is not None), ""))
        told.texts, told.before = tuple(texts), before
        return told

    def __call__(self, *, index: int = 0, **_more: Any) -> str | None:
        return self.texts[index % len(self.texts)]


def write(p: Processing, values: Mapping[str, Sequence[str | None]]) -> None:
    """Put values, one per image of the batch, into the texts that the host makes; None leaves a key out."""
    parameters = p.extra_generation_params
    for key, texts in values.items():
        if all(text is None for text in texts):
            parameters[key] = None
        else:
            parameters[key] = Told(texts, parameters.get(key))


def append(p: Processing, key: str, texts: Sequence[str | None]) -> None:
    """Give a value that `write` put there to further images, which another extension adds to the batch."""
    told = p.extra_generation_params.get(key)
    if isinstance(told, Told):
        p.extra_generation_params[key] = Told((*told.texts, *texts), told.before)


def forget(p: Processing) -> None:
    """Put back what `write` replaced: the next batch, or the next cell of an X/Y/Z plot, has the same dict."""
    parameters = p.extra_generation_params
    for key, value in list(parameters.items()):
        if not isinstance(value, Told):
            continue
        if value.before is None:
            del parameters[key]
        else:
            parameters[key] = value.before


def text_of(p: Processing, value: Any, position: int) -> str | None:
    """A value as the host writes it for an image of the running batch."""
    if isinstance(value, list):
        value = value[position] if position < len(value) else None
    elif callable(value):
        given = {"p": p, "index": position, "prompt_text": p.prompts[position], "all_prompts": p.prompts}
        value = value(**given, negative_prompt=p.negative_prompts[position], use_main_prompt=False)
    return None if value is None else str(value)


@contextmanager
def written_by_encoder() -> Iterator[dict[str, Any]]:
    """What the host's text encoder writes meanwhile, complete at the end. Otherwise the host would keep it and write it
    into the texts of all following images."""
    written: dict[str, Any] = {}
    holder = encoder_notes()
    if holder is None:
        yield written
        return
    before, holder.extra_generation_params = holder.extra_generation_params, {}
    try:
        yield written
    finally:
        written.update(holder.extra_generation_params)
        holder.extra_generation_params = before
