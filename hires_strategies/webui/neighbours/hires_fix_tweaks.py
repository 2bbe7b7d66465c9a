"""Hires. fix tweaks (sd-webui-hires-fix-tweaks), which gives Hires. fix a CFG scale and a batch count of its own.

Seen at its commit 28902f7: the CFG scale, `p.hr_cfg_scale`, is put on the `p` that samples in `before_hr`, so in every
stage as well; "Hires CFG scale" is written in `process_batch`, whatever runs. With a batch count above 1, Hires. fix's
`sample_hr_pass` returns that many times the batch, the first round for all images, then the second; `p.seeds` and its
like are as long as before, until its `postprocess_batch_list` repeats them.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from hires_strategies.planning.plan import Node
from hires_strategies.webui.host.processing import Processing

KEY = "Hires CFG scale"
_OF_EACH_IMAGE = ("seeds", "subseeds", "prompts", "negative_prompts", "hr_prompts", "hr_negative_prompts")


def sets_cfg(p: Processing) -> bool:
    """Whether second passes, and stages without a CFG scale of their own, do not have the first pass's."""
    scale = getattr(p, "hr_cfg_scale", None)
    return bool(scale) and scale != p.cfg_scale


def unused(p: Processing, path: Sequence[Node]) -> tuple[str, ...]:
    """The keys that nothing on a path was ruled by: the texts of its images do without them."""
    sampled = [node.sampling for node in path if node.sampling and node.sampling.denoising_strength is not None]
    if p.enable_hr or any(sampling.cfg is None for sampling in sampled):
        return ()
    return (KEY,)


def repeated(p: Processing, count: int) -> Processing:
    """`p` for a batch of `count` images: a copy with the values of each image repeated if the second pass was."""
    times = count // max(len(p.seeds), 1)
    if not p.enable_hr or times < 2:
        return p
    q = copy(p)
    for name in _OF_EACH_IMAGE:
        values = getattr(p, name, None)
        if isinstance(values, list):
            setattr(q, name, values * times)
    return q
