"""stable-diffusion-webui-distributed: other WebUIs, its workers, make part of each batch.

Seen in version 2.3.0. Its `before_process` posts p's fields, with the arguments of every always-on script, to the
txt2img of each worker, and lowers p.batch_size. Its `postprocess_batch_list` waits for the answers once the last batch
is made, and appends their images to that batch: as many as an answer has seeds, but all of them, further variants and
sheets too, if one image was asked for. Its `postprocess` writes the workers' texts to places that it counts, which fit
only where the host made a grid and nobody added images.

An answer holds everything that the worker's own copy of this extension made: images, texts, records. So it is read
where the other extension keeps it, before that takes it up, and the generated images alone are left there for it.
After a generation that failed an answer stays where it is, and would count as the next one's: it is taken away first,
and an answer has to be one to this very request.

ADetailer, in the middle of a batch, runs all scripts' `postprocess` and `before_process` with a copy of `p`: the first
would throw away what workers have answered so far, the second would ask them for everything again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from hires_strategies.webui.host.processing import Processing, Script

from .workers_answer import Asked, Share, read_answer

_SECTION = "Hires strategies"
_SECONDS = 5  # for a worker to say which version it has


class _OncePerGeneration:
    """A hook of the other extension, which it is spared for copies of the generation that it is sharing."""

    def __init__(self, hook: Callable[..., Any], world: Any) -> None:
        self.hook, self.world = hook, world

    def __call__(self, p: Processing, *args: Any, **kwargs: Any) -> Any:
        return None if _is_copy_of_shared(self.world, p) else self.hook(p, *args, **kwargs)


def share_once(p: Processing) -> None:
    """Keep other scripts from making the other extension share a generation again that it is sharing."""
    for script, world in _sharing(p):
        for name in ("before_process", "postprocess"):
            hook = getattr(script, name)
            if not isinstance(hook, _OncePerGeneration):
                setattr(script, name, _OncePerGeneration(hook, world))


def shares_batches(p: Processing) -> bool:
    """Whether the other extension is there."""
    return next(_worlds(p), None) is not None


def forget_old_answers(p: Processing) -> None:
    """Take away what workers answered to an earlier generation that did not reach its end.

    Not if they have been asked for this one already: then an old answer is known by what it is an answer to.
    """
    for world in _worlds(p):
        if getattr(world, "p", None) is not p and not _is_copy_of_shared(world, p):
            for worker in world.get_workers():
                worker.response = None


def send(p: Processing, arguments: Sequence[Any]) -> None:
    """Let workers be given these arguments of the section, where those on `p` do not say what this generation does."""
    section = _section(p)
    if section is None or not shares_batches(p):
        return
    start, end = section.args_from, section.args_to
    sent = [*arguments, *p.script_args[start + len(arguments) : end]][: end - start]
    if sent != list(p.script_args[start:end]):
        p.script_args = (*p.script_args[:start], *sent, *p.script_args[end:])


def shares(p: Processing, prompts: Sequence[Any]) -> list[Share]:
    """What each worker made of this generation, waiting for it; the other extension is left the generated images.

    Empty if the batch is not shared. `prompts`: p's prompt and negative prompt before any script changed them.
    """
    found: list[Share] = []
    before = 0
    for job in _jobs(p):
        if not job.worker.master:
            if job.thread is None:  # it was not asked
                continue
            job.thread.join()
            asked = _asked(p, job, before, prompts)
            share, job.worker.response = read_answer(job.worker.response, asked, partial(_version, job.worker))
            found.append(share)
        before += job.batch_size * p.n_iter
    return found


def has_appended(p: Processing, share: Share) -> bool:
    """Whether the other extension put this worker's images into the batch: it does so only in the last one."""
    return any(job.worker.label == share.worker and job.gallery_map for job in _jobs(p))


def leave_texts_to_us(p: Processing) -> None:
    """Keep the other extension from writing the workers' texts to the places that it counted."""
    for job in _jobs(p):
        job.gallery_map = []


def _worlds(p: Processing) -> Iterator[Any]:
    """The other extension's object that knows the workers."""
    for _, world in _sharing(p):
        yield world


def _sharing(p: Processing) -> Iterator[tuple[Script, Any]]:
    """The other extension's script, with that object."""
    for script in p.scripts.alwayson_scripts if p.scripts is not None else ():
        world = getattr(script, "world", None)
        if hasattr(world, "jobs") and hasattr(world, "get_workers"):
            yield script, world


def _is_copy_of_shared(world: Any, p: Processing) -> bool:
    """Whether `p` is a copy, made in the middle, of the generation that is shared."""
    shared = getattr(world, "p", None)
    seeds = getattr(p, "all_seeds", None)  # None until a generation runs; then a copy has the very list
    return p is not shared and seeds is not None and seeds is getattr(shared, "all_seeds", None)


def _jobs(p: Processing) -> list[Any]:
    """Who makes which part of this generation, in the order of the images."""
    return next((list(world.jobs) for world in _worlds(p) if getattr(world, "p", None) is p), [])


def _section(p: Processing) -> Script | None:
    scripts = p.scripts.alwayson_scripts if p.scripts is not None else []
    return next((script for script in scripts if script.title() == _SECTION), None)


def _asked(p: Processing, job: Any, before: int, prompts: Sequence[Any]) -> Asked:
    """What the other extension asked a worker for; `before`: how many images other machines make before its own."""
    section = _section(p)
    return Asked(
        worker=str(job.worker.label),
        first=before,
        batch_size=job.batch_size,
        n_iter=p.n_iter,
        seed=(p.seed if isinstance(p.seed, int) else p.all_seeds[0]) + (0 if p.subseed_strength else before),
        prompts=(tuple(prompts), (p.prompt, p.negative_prompt)),
        section=_SECTION,
        arguments=list(p.script_args[section.args_from : section.args_to]) if section is not None else [],
    )


def _version(worker: Any) -> str | None:
    """Which version of this extension a worker has; None if it does not say."""
    url = worker.full_url("version").replace("/sdapi/v1/", "/hires-strategies/v1/")
    try:
        return str(worker.session.get(url, timeout=_SECONDS).json()["version"])
    except (OSError, ValueError, LookupError, TypeError):  # the session's own errors are OSErrors
        return None
