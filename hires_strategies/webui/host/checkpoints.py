"""The host's checkpoints by name, and which of them is loaded while the stages of a batch run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import torch
from modules import errors, sd_models

from hires_strategies.errors import StageFailed
from hires_strategies.wording import describe

from . import generator
from .forks import models
from .forks.models import CheckpointInfo
from .processing import Processing


def names() -> tuple[str, ...]:
    """The checkpoints' names, in the host's order: the file's without its extension, or with folder and extension
    where several have that."""
    return tuple(map(_naming(), sd_models.checkpoints_list.values()))


def aliases() -> dict[str, str]:
    """Every other name that the host knows a checkpoint by (its title, its hash) -> its name here."""
    name = _naming()
    return {alias: name(info) for alias, info in sd_models.checkpoint_aliases.items() if alias}


def name_of(info: CheckpointInfo | None) -> str | None:
    return None if info is None else _naming()(info)


def find(name: str | None) -> CheckpointInfo | None:
    """The checkpoint of exactly that name; None for none."""
    if name is None:
        return None
    infos: Iterable[CheckpointInfo] = sd_models.checkpoints_list.values()
    called = _naming()
    own: CheckpointInfo | None = next((info for info in infos if called(info) == name), None)
    return own or sd_models.checkpoint_aliases.get(name)


def _naming() -> Callable[[CheckpointInfo], str]:
    """How the checkpoints of the list are called. Make it once for many: it counts the whole list."""
    stems = Counter(info.name_for_extra for info in sd_models.checkpoints_list.values())
    return lambda info: info.name_for_extra if stems[info.name_for_extra] == 1 else info.name


def first_pass_checkpoint(p: Processing) -> CheckpointInfo | None:
    """The checkpoint that stages start with: the generation's, or Hires. fix's own where that is on. Known before
    anything is loaded; None if the host has none at all."""
    found: CheckpointInfo | None
    if p.enable_hr and p.hr_checkpoint_name not in (None, "", "Use same checkpoint"):
        found = p.hr_checkpoint_info or sd_models.get_closet_checkpoint_match(p.hr_checkpoint_name)
        return found
    found = sd_models.checkpoint_aliases.get(p.override_settings.get("sd_model_checkpoint", ""))
    return found or chosen()


def chosen() -> CheckpointInfo | None:
    """The checkpoint of the settings; None if there is none (A1111 raises FileNotFoundError then)."""
    try:
        found: CheckpointInfo | None = sd_models.select_checkpoint()
    except FileNotFoundError:
        return None
    return found


class Checkpoints:
    """Which checkpoint is loaded while the stages of the batch that `p` samples run.

    `rewind` resets torch's generator to where the first pass's noise left it: creating a model draws from it.
    """

    def __init__(self, p: Processing, rewind: Callable[[], None]) -> None:
        self.main = models.loaded()
        self._p = p
        self._rewind = rewind
        self._created: dict[Hashable, dict[str, torch.Tensor]] = {}  # by configuration, with the generator's states
        self._home: Hashable = None  # the configuration of the first pass's checkpoint
        self._left: dict[str, torch.Tensor] | None = None  # the generator's states after a refined first pass

    def is_loaded(self, name: str | None) -> bool:
        """Whether the checkpoint of that name, None for the first pass's, is what is loaded now."""
        wanted = self.main if name is None else find(name)
        return wanted is None or _same(wanted, models.loaded())

    def use(self, name: str | None, rewinds: bool = True) -> bool:
        """Load it; False if it was loaded already. Raises StageFailed, with the first pass's loaded again."""
        if self.is_loaded(name):
            return False
        wanted = self.main if name is None else find(name)
        assert wanted is not None
        self._load(wanted, "the first pass's checkpoint" if name is None else f"the checkpoint '{name}'", rewinds)
        return True

    def use_refiner(self, info: Any) -> None:
        """Load the checkpoint that finished a first pass."""
        self._rewind()
        if not _same(info, models.loaded()):
            self._load(info, f"the refiner '{info.title}'")

    def begin(self, refined: bool, decoded: bool) -> None:
        """The stages begin: load the first pass's checkpoint if a refiner has finished it.

        Creating models moves torch's generator on, and Hires. fix goes on from there if it takes the `decoded` first
        pass: only then are the same models loaded for a remembered one.
        """
        if refined:
            models.undo_exchanged_weights(self._p)
            self.main = first_pass_checkpoint(self._p)
            changed = self.use(None, rewinds=not decoded)
            self._left = generator.states() if changed and decoded else None
        self._home = models.configuration()

    def restore_generator(self, name: str | None) -> None:
        """Set torch's generator to where Hires. fix with this checkpoint finds it before it encodes: if the model had
        to be created, because its configuration is another one, that drew from it. As far as it was created here."""
        configuration = models.configuration()
        if name is None:
            if self._left is not None:
                generator.restore(self._left)
        elif configuration != self._home and configuration in self._created:
            generator.restore(self._created[configuration])

    def go_back_to(self, info: CheckpointInfo | None) -> None:
        """Load what was loaded before others ran whole generations, if they left something else."""
        if info is not None and not _same(info, models.loaded()):
            self._load(info, f"the checkpoint '{name_of(info)}'")

    def close(self) -> bool:
        """Load the first pass's checkpoint again; whether it was not loaded. An error is reported, as the pictures are
        there already."""
        try:
            return self.use(None)
        except StageFailed:
            errors.report("Hires strategies: the checkpoint could not be loaded again", exc_info=True)
            return True

    def _load(self, wanted: CheckpointInfo, called: str, rewinds: bool = True) -> None:
        if rewinds:
            self._rewind()
        before = generator.states()
        try:
            models.load(wanted)
        except Exception as error:
            reason = describe(error)
            self._load_main_anew()
            raise StageFailed(f"{called} could not be loaded: {reason}") from None
        after = generator.states()
        if rewinds and any(not torch.equal(before[kind], state) for kind, state in after.items()):
            self._created[models.configuration()] = after

    def _load_main_anew(self) -> None:
        if self.main is None:
            return
        try:
            models.load_anew(self.main)
        except Exception:  # the next stage, or the host before its next batch, tries again
            errors.report("Hires strategies: the checkpoint could not be loaded again", exc_info=True)


def _same(one: CheckpointInfo, other: CheckpointInfo | None) -> bool:
    return other is not None and one.filename == other.filename
