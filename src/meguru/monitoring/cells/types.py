"""What a cell is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from meguru.monitoring.cells.layout import Counts
from meguru.monitoring.cells.truth import TruthSums, add_up

COLUMNS, ANSWERED, SHADOW, SLICED = "columns", "answered", "shadow", ":"
"""The parts of an hour: inputs and answers by column; truth beside what the model answered, or would have
answered; of each of the latter by value of a column, as ``answered:carrier=AA``."""
OTHERS = "…"
"""In place of a value: all values of an hour that have no cell of their own."""
_MODULUS, _NOTHING = 1 << 64, TruthSums()


class CellKey(NamedTuple):
    """Which rows: of a model, in an hour of event time, and what of them."""

    model: str
    hour: datetime
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Counts that add up.

    Parameters
    ----------
    rows, outcomes
        How many rows, and for how many the outcome is known.
    first, last
        Their first and last event time; None without rows.
    mark
        Tells rows and outcomes apart: the sum of a number for each, modulo 2⁶⁴, in whatever order.
    bins, counts
        Of the part `COLUMNS`: the digest of its bins, and the counts over them.
    truth
        Of the other parts.
    """

    rows: int = 0
    outcomes: int = 0
    first: datetime | None = None
    last: datetime | None = None
    mark: int = 0
    bins: str = ""
    counts: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    truth: TruthSums = _NOTHING

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            rows=self.rows + other.rows,
            outcomes=self.outcomes + other.outcomes,
            first=min((each for each in (self.first, other.first) if each), default=None),
            last=max((each for each in (self.last, other.last) if each), default=None),
            mark=(self.mark + other.mark) % _MODULUS,
            bins=self.bins or other.bins,
            counts=_plus(self.counts, other.counts),
            truth=self.truth if other.truth is _NOTHING else add_up([self.truth, other.truth]),
        )

    def minus(self) -> Cell:
        """Return what takes this one away when it is added; times stay as they are."""
        return replace(
            self,
            rows=-self.rows,
            outcomes=-self.outcomes,
            mark=-self.mark % _MODULUS,
            counts=-self.counts.astype(np.int64),
            truth=_NOTHING if self.truth is _NOTHING else self.truth.minus(),
        )


def _plus(one: Counts, other: Counts) -> Counts:
    if not (one.size and other.size):
        return one if one.size else other
    return np.add(one, other, dtype=np.int64)  # those that were read are narrow


def add_cell(cells: dict[CellKey, Cell], key: CellKey, cell: Cell) -> None:
    """Add a cell to others."""
    cells[key] = cells[key] + cell if key in cells else cell
