"""The harmonic mean of precision and recall."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.rows import ScoredRows
from meguru.metrics.tallies import ClassTally, RatioMetric, need_class, position
from meguru.stats.arrays import Floats

_RATIO = (2.0, 1.0, 1.0)


class F1(RatioMetric, frozen=True, forbid_unknown_fields=True):
    r"""The harmonic mean of a class's precision and recall; 0 when nothing is found.

    Notes
    -----
    .. math:: \frac{2\,r_c}{a_c + t_c}

    with :math:`r_c` the rows of class *c* answered rightly, :math:`a_c` those answered *c* and :math:`t_c`
    those that are *c*; for label 1 of two classes, or the class in the name: ``f1@late``. Interval by the
    delta method.

    References
    ----------
    Van Rijsbergen, C. J. (1979). Information Retrieval, chapter 7.
    """

    key: ClassVar[str] = "f1"
    parameter: ClassVar[str] = "of"
    title: ClassVar[str] = "F1 score"
    ratio: ClassVar[tuple[float, float, float]] = _RATIO

    of: str | None = None

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision, and to know of which class."""
        return need_class(self.key, self.of, rows)

    def shares(self, found: ClassTally, rows: ScoredRows) -> Floats:
        """Return 1 for the class that is asked for."""
        shares = np.zeros(len(found.right))
        shares[position(self.of or "", rows)] = 1.0
        return shares


class F1Macro(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The mean F1 score of the classes: rare ones count as much as common ones."""

    key: ClassVar[str] = "f1_macro"
    title: ClassVar[str] = "mean F1 score of the classes"
    ratio: ClassVar[tuple[float, float, float]] = _RATIO


class F1Micro(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The F1 score of all answers together; with one class a row it is the accuracy."""

    key: ClassVar[str] = "f1_micro"
    title: ClassVar[str] = "F1 score of all answers"
    average: ClassVar[str] = "micro"
    ratio: ClassVar[tuple[float, float, float]] = _RATIO


class F1Weighted(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The mean F1 score of the classes, each counting as often as it is true."""

    key: ClassVar[str] = "f1_weighted"
    title: ClassVar[str] = "F1 score weighted by class"
    ratio: ClassVar[tuple[float, float, float]] = _RATIO

    def shares(self, found: ClassTally, rows: ScoredRows) -> Floats:
        """Return how often each class is true."""
        del rows
        return np.asarray(found.true / max(float(found.true.sum()), np.finfo(np.float64).tiny))
