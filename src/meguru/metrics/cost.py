"""What answers cost, in a unit of the project."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Literal

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Direction
from meguru.metrics.formulas import Formula
from meguru.metrics.regression import NUMERIC
from meguru.metrics.rows import Array, ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.metrics.tallies import need_decisions
from meguru.stats.arrays import Floats

OUTPUTS = frozenset({"score", "low", "high"})


class Cost(SumMetric, frozen=True, forbid_unknown_fields=True, kw_only=True):
    r"""The mean cost of an answer: by a matrix of classes, or by a formula of truth, answer and columns.

    ``{"metric": "cost", "matrix": [[0, 1], [5, 0]], "unit": "EUR"}`` costs 5 for each row of label 1 that is
    answered 0. ``{"metric": "cost", "of": "overtime", "formula": "12.5 * max(truth - score, 0)"}`` is called
    ``cost@overtime``. With ``"counts": "gain"`` it is earned, not paid, and more is better. A plain function
    of the project does as well (`Model(measures=[function])`); only a matrix or a formula can be counted
    again, on other rows.

    Notes
    -----
    .. math:: \frac{\sum_i w_i\, C_{y_i, \hat y_i}}{\sum_i w_i}

    or the weighted mean of the formula. A formula may read ``truth``, ``score``, ``label`` (the position of
    the class that was answered), ``low``, ``high`` and numeric columns of the rows; it knows arithmetic,
    comparisons, ``a if b else c``, ``abs``, ``min``, ``max``, ``sqrt``, ``exp``, ``log``, ``floor`` and
    ``ceil``. `threshold` moves that of two classes.

    References
    ----------
    Elkan, C. (2001). The foundations of cost-sensitive learning. IJCAI.
    """

    key: ClassVar[str] = "cost"
    parameter: ClassVar[str] = "of"
    title: ClassVar[str] = "cost of an answer"
    better: ClassVar[Direction] = "lower"
    measured_in: ClassVar[str] = ""
    low: ClassVar[float] = -math.inf
    high: ClassVar[float] = math.inf
    tasks: ClassVar[frozenset[str]] = NUMERIC - {"multioutput"} | {"binary", "multiclass"}
    outputs: ClassVar[tuple[str, ...]] = ()

    of: str | None = None
    matrix: tuple[tuple[float, ...], ...] = ()
    formula: str = ""
    counted_in: str = msgspec.field(name="unit", default="")
    counts: Literal["cost", "gain"] = "cost"
    threshold: float | None = None

    @property
    def unit(self) -> str:
        """What its values are counted in, such as a currency."""
        return self.counted_in or self.counts

    @property
    def direction(self) -> Direction:
        """Less of a cost is better, and more of a gain."""
        return "lower" if self.counts == "cost" else "higher"

    def check(self) -> None:
        """Refuse a cost that is neither a matrix nor a formula, or one that makes no sense."""
        if bool(self.matrix) == bool(self.formula):
            raise InvalidInput(
                "a cost is a matrix or a formula",
                field="matrix",
                why="both are given" if self.matrix else "none is given",
                hint='{"metric": "cost", "matrix": [[0, 1], [5, 0]], "unit": "EUR"}',
            )
        square = all(len(row) == len(self.matrix) for row in self.matrix)
        if self.matrix and not (square and len(self.matrix) > 1 and _finite(self.matrix)):
            raise InvalidInput(
                "a matrix of costs has a row for each true class and a number for each answer", field="matrix"
            )
        if self.formula:
            _read(self.formula)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows that the formula reads."""
        known = OUTPUTS | {"truth", "label"}
        return tuple(sorted(_read(self.formula).names - known)) if self.formula else ()

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision for as many classes as the matrix has, or what the formula reads."""
        if self.matrix:
            if not rows.classes:
                return f"{self.name} has a matrix, which is for classes"
            if len(self.matrix) != len(rows.names):
                return f"the matrix is of {len(self.matrix)} classes, and there are {len(rows.names)}"
            return need_decisions(self.name, rows)
        names = _read(self.formula).names
        lacking = [name for name in names & OUTPUTS if not rows.has(name)]
        if "label" in names and need_decisions(self.name, rows):
            lacking.append("label")
        return f"{self.name} needs {' and '.join(sorted(lacking))}" if lacking else ""

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the cost of each row."""
        if self.formula:
            return _read(self.formula).over(self._columns(rows), len(rows))
        codes = rows.truth.astype(np.int64, copy=False)
        # A class that the model does not know has the code -1, and would index the last row.
        if (codes < 0).any():
            raise InvalidInput(
                "the matrix has no row for a class that the model does not know", field="matrix"
            )
        return np.asarray(np.array(self.matrix)[codes, self._decided(rows)])

    def _columns(self, rows: ScoredRows) -> Mapping[str, Array]:
        given = {name: array for name, array in rows.answer.items() if name in OUTPUTS}
        labels = {"label": self._decided(rows)} if "label" in _read(self.formula).names else {}
        return {**rows.columns, **given, **labels, "truth": rows.truth}

    def _decided(self, rows: ScoredRows) -> Array:
        # A threshold of the cost itself, as costs of errors move the best one (Elkan).
        if self.threshold is not None and rows.has("score"):
            return (rows.answer["score"] > self.threshold).astype(np.int64)
        return rows.decided


@lru_cache(maxsize=256)
def _read(formula: str) -> Formula:
    return Formula(formula)


def _finite(matrix: tuple[tuple[float, ...], ...]) -> bool:
    return all(math.isfinite(value) for row in matrix for value in row)
