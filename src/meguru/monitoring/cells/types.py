"""What a cell is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import NamedTuple

import numpy as np

from meguru.monitoring.cells.layout import Counts
from meguru.monitoring.cells.truth import TruthSums, add_up
from meguru.stats.sketches import ColumnSketch, merged

COLUMNS, SKETCHES = "columns", "sketches"
"""The parts of an hour of rows: counts of columns over the bins of the baseline, or sketches without one."""
ANSWERED, SHADOW, SLICED = "answered", "shadow", ":"
"""The parts of truth: beside what the model answered, or would have answered; of each of these by value of a
column, as ``answered:carrier=AA``."""
OTHERS = "…"
"""In place of a value: all values of an hour that have no cell of their own."""
_MODULUS, _NOTHING = 1 << 64, TruthSums()


class CellKey(NamedTuple):
    """Which rows: of a model, in an hour of event time, and what of them."""

    model: str
    hour: datetime
    part: str


def others_key(key: CellKey) -> CellKey | None:
    """Return where the values of a column are counted that have no cell of their own; None of no slice."""
    column, is_slice, _ = key.part.partition("=")
    return key._replace(part=f"{column}={OTHERS}") if is_slice else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Counts that add up.

    Parameters
    ----------
    rows, outcomes
        How many rows, and for how many the outcome is known.
    first, last
        Their first and last event time; None without rows.
    checksum
        Tells rows and outcomes apart: the sum of a number for each, modulo 2⁶⁴, in whatever order.
    bins, counts
        Of the part `COLUMNS`: the digest of its bins, and the counts over them.
    sketches
        Of the part `SKETCHES`, by column.
    truth
        Of the other parts.
    """

    rows: int = 0
    outcomes: int = 0
    first: datetime | None = None
    last: datetime | None = None
    checksum: int = 0
    bins: str = ""
    counts: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    sketches: Mapping[str, ColumnSketch] = field(default_factory=dict)
    truth: TruthSums = _NOTHING

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            rows=self.rows + other.rows,
            outcomes=self.outcomes + other.outcomes,
            first=min((each for each in (self.first, other.first) if each), default=None),
            last=max((each for each in (self.last, other.last) if each), default=None),
            checksum=(self.checksum + other.checksum) % _MODULUS,
            bins=self.bins or other.bins,
            counts=_plus(self.counts, other.counts),
            sketches=merge_sketches([self.sketches, other.sketches]),
            truth=self.truth if other.truth is _NOTHING else add_up([self.truth, other.truth]),
        )

    def minus(self) -> Cell:
        """Return what takes this one away when it is added; times and sketches stay as they are."""
        return replace(
            self,
            rows=-self.rows,
            outcomes=-self.outcomes,
            checksum=-self.checksum % _MODULUS,
            counts=-self.counts.astype(np.int64),
            truth=_NOTHING if self.truth is _NOTHING else self.truth.minus(),
        )


def _plus(one: Counts, other: Counts) -> Counts:
    if not (one.size and other.size):
        return one if one.size else other
    return np.add(one, other, dtype=np.int64)  # those that were read are narrow


def merge_sketches(parts: Sequence[Mapping[str, ColumnSketch]]) -> Mapping[str, ColumnSketch]:
    """Return the sketches of all columns; one that has numbers here and words there is left out."""
    some = [part for part in parts if part]
    if len(some) < 2:
        return some[0] if some else {}
    named = {name: [each[name] for each in some if name in each] for name in dict.fromkeys(chain(*some))}
    return {name: merged(found) for name, found in named.items() if len(set(map(type, found))) == 1}


def add_cell(cells: dict[CellKey, Cell], key: CellKey, cell: Cell) -> None:
    """Add a cell to others."""
    cells[key] = cells[key] + cell if key in cells else cell
