"""What differs between strategies, in few words: once in a title, under each picture, or as row and column
labels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hires_strategies.notation.options import option_texts
from hires_strategies.notation.text import format_stage, head_texts
from hires_strategies.strategy import Stage, Strategy

from .titles import FOUND, Column, title

_STRENGTH, _SIGMA, _HEAD = 2, 3, 4  # places among the parts; options begin at the last


@dataclass(frozen=True)
class Table:
    """Variants as rows and columns. `cells[row][column]` is the index of a variant."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]

    def turned(self) -> Table:
        """Rows as columns."""
        return Table(self.columns, self.rows, tuple(zip(*self.cells, strict=True)))


@dataclass(frozen=True)
class Captions:
    """`title` says in words what differs and what all strategies have in common (empty if they share nothing); `each`
    says for every strategy only how it differs. `table` is set for a sweep over two parts or more."""

    title: str
    each: tuple[str, ...]
    table: Table | None


def make_captions(
    strategies: Sequence[Strategy], same_as: Sequence[int | None], found: Sequence[Collection[int]] = ()
) -> Captions:
    """Captions for the strategies of one run. `same_as[i]` is the first strategy with the same picture, or None;
    `found[i]` are the indices of stages whose strength was found.

    A strategy with an earlier one's picture gets no place of its own: the other's caption names both.
    """
    columns = _columns(strategies, found or [()] * len(strategies))
    differing = [column for column in columns if column.differs]
    own = [_line([(column, column.texts[n]) for column in differing]) or "nothing more" for n in range(len(strategies))]
    each = tuple(
        " = ".join(dict.fromkeys([text, *(own[m] for m, other in enumerate(same_as) if other == n)]))
        for n, text in enumerate(own)
    )
    return Captions(title(columns), each, _table(differing, same_as))


def _columns(strategies: Sequence[Strategy], found: Sequence[Collection[int]]) -> list[Column]:
    columns: list[Column] = []
    for index in range(max(len(strategy.stages) for strategy in strategies)):
        stages = [strategy.stages[index] if index < len(strategy.stages) else None for strategy in strategies]
        present = [stage for stage in stages if stage is not None]
        if len(present) < len(stages):  # not all are that long: show the whole stage
            columns.append(Column(index, None, tuple(format_stage(stage) if stage else "" for stage in stages)))
            continue
        parts = _one_strength([_parts(stage, index in found[n]) for n, stage in enumerate(present)])
        columns += [Column(index, place, tuple(part[place] for part in parts)) for place in range(len(parts[0]))]
    return columns


def _parts(stage: Stage, found: bool) -> tuple[str, ...]:
    """Upscaler, size, denoising strength, start sigma and each option of a stage, as written."""
    head = list(head_texts(stage))
    if found and head[_STRENGTH]:
        head[_STRENGTH] += FOUND
    return (*head, *option_texts(stage).values())


def _one_strength(parts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Where some have a denoising strength and others a start sigma, both are one part, "@0.5" or "@sigma 1.5"."""
    if not any(part[_STRENGTH] for part in parts) or not any(part[_SIGMA] for part in parts):
        return list(parts)
    return [(*part[:_STRENGTH], part[_STRENGTH] or part[_SIGMA], "", *part[_HEAD:]) for part in parts]


def _line(parts: Sequence[tuple[Column, str]]) -> str:
    """Parts as one would write them in a strategy."""
    stages: dict[int, tuple[list[str], list[str]]] = {}
    for column, text in parts:
        if text:
            stages.setdefault(column.stage, ([], []))[(column.part or 0) >= _HEAD].append(text)
    lines = [
        " ".join([*head, f"[{'; '.join(options)}]"] if options and head else head or ["; ".join(options)])
        for head, options in stages.values()
    ]
    return " > ".join(lines)


def _table(differing: Sequence[Column], same_as: Sequence[int | None]) -> Table | None:
    """Rows and columns for strategies that are all combinations of two differing parts or more; the last part, which
    changes fastest in a sweep's order, makes the columns."""
    axes = _axes(differing)
    if len(axes) < 2:
        return None
    across = [_line([(column, column.texts[n]) for column in axes[-1]]) for n in range(len(same_as))]
    before = [column for axis in axes[:-1] for column in axis]
    down = [_line([(column, column.texts[n]) for column in before]) for n in range(len(same_as))]
    places = {(down[n], across[n]): n for n in range(len(same_as))}
    rows, columns = list(dict.fromkeys(down)), list(dict.fromkeys(across))
    if len(places) < len(same_as) or len(same_as) < len(rows) * len(columns):
        return None
    cells = [[places[row, column] for column in columns] for row in rows]
    picture = [n if other is None else other for n, other in enumerate(same_as)]
    rows, cells = _merged(rows, cells, picture)
    columns, turned = _merged(columns, [list(column) for column in zip(*cells, strict=True)], picture)
    if len(rows) < 2 or len(columns) < 2:
        return None
    return Table(tuple(rows), tuple(columns), tuple(zip(*turned, strict=True)))


def _axes(differing: Sequence[Column]) -> list[list[Column]]:
    """Parts that always change together, such as an upscaler with its own denoising strength, form one axis."""
    axes: list[list[Column]] = []
    for column in differing:
        for axis in axes:
            if (
                len(set(zip(axis[0].texts, column.texts, strict=True)))
                == len(set(axis[0].texts))
                == len(set(column.texts))
            ):
                axis.append(column)
                break
        else:
            axes.append([column])
    return axes


def _merged(labels: list[str], lines: list[list[int]], picture: Sequence[int]) -> tuple[list[str], list[list[int]]]:
    """Merge lines of cells that show the very same pictures into one with both labels."""
    kept: dict[tuple[int, ...], tuple[str, list[int]]] = {}
    for label, line in zip(labels, lines, strict=True):
        key = tuple(picture[cell] for cell in line)
        kept[key] = (f"{kept[key][0]} = {label}", kept[key][1]) if key in kept else (label, line)
    return [label for label, _ in kept.values()], [line for _, line in kept.values()]
