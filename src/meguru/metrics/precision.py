"""How often an answer of a class is right."""

from __future__ import annotations

from typing import ClassVar

from meguru.metrics.rows import ScoredRows
from meguru.metrics.shares import ShareMetric
from meguru.metrics.tallies import RatioMetric, need_class, of_class, position
from meguru.stats.arrays import Bools


class Precision(ShareMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of rows answered with a class that are of it; 0 when none is answered so.

    Notes
    -----
    .. math:: \frac{\sum_i w_i [\hat y_i = y_i = c]}{\sum_i w_i [\hat y_i = c]}

    for label 1 of two classes, or the class in the name: ``precision@late``. Wilson's interval.

    References
    ----------
    Van Rijsbergen, C. J. (1979). Information Retrieval, chapter 7.
    """

    key: ClassVar[str] = "precision"
    parameter: ClassVar[str] = "of"
    title: ClassVar[str] = "precision"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass", "multilabel"})
    outputs: ClassVar[tuple[str, ...]] = ()

    of: str | None = None

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision, and to know of which class."""
        return need_class(self.key, self.of, rows)

    def hits(self, rows: ScoredRows) -> tuple[Bools, Bools]:
        """Return which rows are answered rightly, among those answered with the class."""
        true, answered = of_class(position(self.of or "", rows), rows)
        return true & answered, answered


class PrecisionMacro(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The mean precision of the classes."""

    key: ClassVar[str] = "precision_macro"
    title: ClassVar[str] = "mean precision of the classes"


class PrecisionMicro(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The precision of all answers of any class together; with one class a row it is the accuracy."""

    key: ClassVar[str] = "precision_micro"
    title: ClassVar[str] = "precision of all answers"
    average: ClassVar[str] = "micro"
