"""The extension that shares a batch among machines shares each generation once, whoever runs its hooks again."""

from __future__ import annotations

from copy import copy
from types import SimpleNamespace
from typing import Any

import pytest

from hires_strategies.webui.neighbours import distributed


class Sharing:
    """Notes the generations that its hooks were called with, and keeps the last one as the other extension does."""

    def __init__(self) -> None:
        self.worker = SimpleNamespace(response=None)
        self.world = SimpleNamespace(p=None, jobs=[], get_workers=lambda: [self.worker])
        self.begun: list[Any] = []
        self.ended: list[Any] = []

    def before_process(self, p: Any, *args: Any) -> None:
        self.world.p = p
        self.begun.append(p)

    def postprocess(self, p: Any, processed: Any, *args: Any) -> None:
        self.ended.append(p)


@pytest.fixture
def sharing() -> Sharing:
    return Sharing()


def generation(sharing: Sharing) -> Any:
    """A generation before it runs, known to this extension."""
    p = SimpleNamespace(scripts=SimpleNamespace(alwayson_scripts=[sharing]), all_seeds=None)
    distributed.share_once(p)
    return p


def test_copies_in_the_middle_of_a_generation_are_left_out(sharing: Sharing) -> None:
    p = generation(sharing)
    sharing.before_process(p)
    p.all_seeds = [1, 2]
    sharing.postprocess(copy(p), None)
    sharing.worker.response = "early"
    distributed.forget_old_answers(copy(p))
    sharing.before_process(copy(p))
    assert sharing.worker.response == "early"
    sharing.postprocess(p, None)
    assert sharing.begun == [p] and sharing.ended == [p] and sharing.world.p is p


def test_every_other_generation_is_shared(sharing: Sharing) -> None:
    p = generation(sharing)
    cells = [copy(p), copy(p), p]  # a plot's cells are copies of one that does not run before they do
    for cell in cells:
        distributed.share_once(cell)
        sharing.before_process(cell)
        cell.all_seeds = [1, 2]
        sharing.postprocess(cell, None)
    assert all(one is other for one, other in zip(sharing.begun, cells, strict=True))
    assert all(one is other for one, other in zip(sharing.ended, cells, strict=True))
