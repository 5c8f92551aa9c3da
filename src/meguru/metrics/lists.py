"""Metrics of ranked lists: a value for each list, and the mean over lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.resampling import dense
from meguru.metrics.rows import Codes, ScoredRows
from meguru.stats.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class Lists:
    """Rows sorted by list, and within it by score from above.

    Attributes
    ----------
    starts
        Where each list begins, shape (lists,).
    of_row
        The list of each sorted row, shape (n,).
    relevance
        Of each sorted row, shape (n,).
    rank
        Within the list, from 0, shape (n,).
    ties
        Where each group of equal scores of one list begins, shape (ties,).
    """

    starts: Codes
    of_row: Codes
    relevance: Floats
    rank: Codes
    ties: Codes

    @property
    def ends(self) -> Codes:
        """Where each group of equal scores ends, shape (ties,)."""
        return np.append(self.ties[1:], len(self.of_row))


def sort_lists(group: Codes, scores: Floats, relevance: Floats) -> Lists:
    """Sort rows into lists; groups are numbered from 0 without gaps, and there is at least one row."""
    # lexsort is stable and sorts by its last key first: by list, then by falling score.
    order = np.lexsort((-scores, group))
    of_row, ordered = group[order], scores[order]
    first = np.concatenate(([True], of_row[1:] != of_row[:-1]))
    starts = np.flatnonzero(first)
    rank = np.arange(len(order)) - starts[of_row]
    ties = np.flatnonzero(first | np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return Lists(starts, of_row, relevance[order], rank, ties)


class ListMetric(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The weighted mean over lists of a value for each; a list weighs what its rows weigh on average.

    Notes
    -----
    Lists are the units of the interval: :math:`\psi_l = v_l - \bar v`. When rows have blocks, a list is of
    the block of its first row.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"ranking"})

    def of_lists(self, lists: Lists) -> tuple[Floats, Bools | None]:
        """Return the value of each list, and which lists count (None: all), both of shape (lists,)."""
        raise NotImplementedError

    def missing(self, rows: ScoredRows) -> str:
        """Need a score, and to know the lists."""
        return (
            f"{self.key} needs the lists of the rows (group)" if rows.group is None else super().missing(rows)
        )

    def bootstrap_units(self, rows: ScoredRows) -> Codes | None:
        """Return which rows are drawn together: those of a list, or of a block of lists."""
        return rows.group if rows.block is None else rows.block

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the mean and each list's influence on it."""
        count, group = dense(rows.group if rows.group is not None else np.zeros(len(rows), dtype=np.int64))
        values, counted = self.of_lists(sort_lists(group, rows.answer["score"], rows.truth))
        weight = np.ones(count)
        if rows.weight is not None:
            weight = np.bincount(group, weights=rows.weight) / np.bincount(group)
        block = None
        if rows.block is not None:
            block = np.zeros(count, dtype=np.int64)
            # Backwards, so that what is assigned last, and stays, is each list's first row.
            block[group[::-1]] = rows.block[::-1]
        keep = weight > 0 if counted is None else counted & (weight > 0)
        values, weight, block = values[keep], weight[keep], None if block is None else block[keep]
        if not len(values):
            return Influence(float("nan"), values)
        mean = float(weight @ values / weight.sum())
        return Influence(mean, values - mean, None if rows.weight is None else weight, block)
