"""Outcomes of a holdout by score, compressed into groups: what CBPE and calibration are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats, as_floats, as_labels, same_length

GROUPS = 1000
"""The maximum number of groups of neighbouring scores."""
_DIGITS = 7
"""Of a score that is written down."""


@dataclass(frozen=True, slots=True)
class ScoreOutcomes:
    """Rows in groups of neighbouring scores.

    Parameters
    ----------
    scores
        Shape (groups,), ascending: the mean score of each group.
    rows, positives
        Shape (groups,), counts: its rows, and those of outcome 1.
    """

    scores: Floats
    rows: Floats
    positives: Floats

    @classmethod
    def of(cls, labels: npt.ArrayLike, scores: npt.ArrayLike, groups: int = GROUPS) -> ScoreOutcomes:
        """Group rows by score; equal scores stay together.

        Parameters
        ----------
        labels
            Shape (n,), 0 or 1.
        scores
            Shape (n,), any unit.
        groups
            Scalar, count: at most so many.

        Raises
        ------
        InvalidInput
            When lengths differ, a label is not 0 or 1, or a score is not finite.
        """
        truth, values = as_labels(labels), as_floats(scores, "scores")
        same_length(truth, values, "labels and scores")
        order = np.argsort(values)
        ordered, happened = values[order], truth[order].astype(np.float64)
        if not ordered.size:
            return cls(ordered, ordered, ordered)
        # The group of a run of equal scores is that of its first row.
        first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        begun = np.flatnonzero(first)[np.cumsum(first) - 1]
        group = begun * groups // ordered.size
        starts = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
        rows = np.diff(np.append(starts, ordered.size)).astype(np.float64)
        means = np.add.reduceat(ordered, starts) / rows
        # A mean of many equal numbers may be off by a bit, and beyond the greatest score.
        means = np.clip(means, ordered[starts], np.maximum.reduceat(ordered, starts))
        return cls(means, rows, np.add.reduceat(happened, starts))

    @property
    def total(self) -> float:
        """How many rows there are."""
        return float(self.rows.sum())

    @property
    def both_classes(self) -> bool:
        """Whether rows of either outcome are known."""
        return 0 < float(self.positives.sum()) < self.total

    def to_dict(self) -> dict[str, list[float]]:
        """Return plain JSON values."""
        return {
            "scores": [float(f"{each:.{_DIGITS}g}") for each in self.scores.tolist()],
            "rows": [int(each) for each in self.rows.tolist()],
            "positives": [int(each) for each in self.positives.tolist()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScoreOutcomes:
        """Read what `to_dict` wrote.

        Raises
        ------
        InvalidInput
            When it is something else.
        """
        try:
            scores, rows, positives = (
                as_floats(data[name], name) for name in ("scores", "rows", "positives")
            )
        except (KeyError, TypeError) as error:
            raise InvalidInput("these are no outcomes by score", field="scores", why=f"{error!r}") from error
        same_length(scores, rows, "scores and rows")
        same_length(rows, positives, "rows and positives")
        # A group without rows has no share, and would make a NaN of every estimate.
        is_counted = (rows > 0) & (positives >= 0) & (positives <= rows)
        if (np.diff(scores) < 0).any() or not is_counted.all():
            raise InvalidInput("these are no outcomes by score", field="scores")
        return cls(scores, rows, positives)
