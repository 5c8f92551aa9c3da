"""The confusion matrix by class, and metrics that are ratios of its counts (precision, recall, F1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.rows import Array, Codes, ScoredRows
from meguru.stats.arrays import Bools, Floats

DECIDING = ("label", "probabilities", "score")


@dataclass(frozen=True, slots=True)
class ClassTally:
    """Weighted shares of rows by class, each of shape (k,): rightly answered, answered, true.

    `truth` and `decided` hold one class a row, shape (n,), or several as booleans, shape (n, k).
    """

    truth: Array
    decided: Array
    right: Floats
    answered: Floats
    true: Floats

    def pull(self, right: Floats, answered: Floats, true: Floats) -> Floats:
        """Return each row's pull on a value with these slopes by class, weighted mean 0; shape (n,)."""
        if self.truth.ndim == 2:
            both = self.truth & self.decided
            rows = both @ right + self.decided @ answered + self.truth @ true
        else:
            hit = np.where(self.decided == self.truth, right[self.truth], 0.0)
            rows = answered[self.decided] + true[self.truth] + hit
        return np.asarray(rows - (right @ self.right + answered @ self.answered + true @ self.true))


def tally(rows: ScoredRows) -> ClassTally:
    """Tally the classes of rows; a true class that the model does not know is one more, the last."""
    if rows.truth.ndim == 2:
        several, answers = rows.truth == 1, rows.chances > rows.threshold
        means = (np.atleast_1d(rows.mean(each)) for each in (several & answers, answers, several))
        return ClassTally(several, answers, *means)
    decided, k = rows.decided, len(rows.names)
    truth = rows.truth.astype(np.int64, copy=False)
    if not rows.classes:
        k = max(k, int(truth.max(initial=0)) + 1, int(decided.max(initial=0)) + 1)
    if (truth < 0).any():
        # A class of its own, which is never answered: as an error it counts against every average.
        truth, k = np.where(truth < 0, k, truth), k + 1
    # One pass for the whole confusion matrix: row and column of a cell as one number.
    cells = np.bincount(truth * k + decided, weights=rows.weight, minlength=k * k).reshape(k, k) / rows.total
    return ClassTally(truth, decided, np.diagonal(cells).copy(), cells.sum(axis=0), cells.sum(axis=1))


def need_decisions(key: str, rows: ScoredRows) -> str:
    """Return why a metric of classes can't measure such rows; empty when it can."""
    decides = any(rows.has(name) for name in DECIDING)
    return "" if decides else f"{key} needs label, probabilities or score"


class RatioMetric(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""A ratio of a class's counts, of one class or averaged.

    Notes
    -----
    With :math:`r_c` the rows of class *c* answered rightly, :math:`a_c` those answered *c* and :math:`t_c`
    those that are *c*,

    .. math:: \frac{\alpha\,r_c}{\beta\,a_c + \tau\,t_c}

    and `ratio` holds :math:`(\alpha, \beta, \tau)`; 0 where nothing is below the line. ``macro`` is the mean
    over the classes that are true or answered anywhere, ``micro`` the ratio of the sums. The interval is by
    the delta method.
    """

    ratio: ClassVar[tuple[float, float, float]] = (1.0, 1.0, 0.0)
    average: ClassVar[str] = "macro"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass", "multilabel"})
    outputs: ClassVar[tuple[str, ...]] = ()

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision for a class."""
        return need_decisions(self.name, rows)

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the ratio and each row's influence on it."""
        class_tally = tally(rows)
        share = self.shares(class_tally, rows)
        up, answered, true = self.ratio
        right, below = up * class_tally.right, answered * class_tally.answered + true * class_tally.true
        if self.average == "micro":
            right, below = np.full_like(right, right.sum()), np.full_like(below, below.sum())
        ratio = np.divide(right, below, out=np.zeros_like(right), where=below > 0)
        slope = np.divide(share, below, out=np.zeros_like(right), where=below > 0)
        pull = class_tally.pull(up * slope, -answered * ratio * slope, -true * ratio * slope)
        value = ratio[0] if self.average == "micro" else share @ ratio
        return Influence(float(value), pull, rows.weight, rows.block)

    def shares(self, found: ClassTally, rows: ScoredRows) -> Floats:
        """Return how much each class counts in the average, shape (k,)."""
        del rows
        if self.average == "micro":
            return np.ones(len(found.right))
        return equal_shares(found.true + found.answered > 0)


def equal_shares(counted: Bools) -> Floats:
    """Return equal shares of the classes that are counted, 0 of the others, shape (k,)."""
    return np.asarray(counted / max(1, int(np.count_nonzero(counted))), dtype=np.float64)


def position(name: str, rows: ScoredRows) -> int:
    """Return the position of the class that is asked for, which there is; of two the second if none is."""
    return rows.names.index(name) if name else 1


def need_class(key: str, name: str | None, rows: ScoredRows) -> str:
    """Return why a metric of one class can't measure such rows; empty when it can."""
    why = need_decisions(key, rows)
    if not why and name and name not in rows.names:
        why = f"there is no class {name!r} among {', '.join(rows.names[:12])}"
    if not why and not name and (rows.truth.ndim == 2 or len(rows.names) > 2):
        why = f"{key} is of one class and there are {len(rows.names)}: {key}_macro, or {key}@{rows.names[0]}"
    return why


def of_class(code: int, rows: ScoredRows) -> tuple[Bools, Bools]:
    """Return which rows are of a class, and which are answered so, both of shape (n,)."""
    if rows.truth.ndim == 2:
        return rows.truth[:, code] == 1, rows.chances[:, code] > rows.threshold
    decided: Codes = rows.decided
    return np.equal(rows.truth, code), np.equal(decided, code)
