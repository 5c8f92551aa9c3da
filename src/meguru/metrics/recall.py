"""How much of a class is found."""

from __future__ import annotations

from typing import ClassVar

from meguru.metrics.rows import ScoredRows
from meguru.metrics.shares import ShareMetric
from meguru.metrics.tallies import RatioMetric, need_class, of_class, position
from meguru.stats.arrays import Bools

_RATIO = (1.0, 0.0, 1.0)


class Recall(ShareMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of rows of a class that are answered with it; 0 when there is none.

    Notes
    -----
    .. math:: \frac{\sum_i w_i [\hat y_i = y_i = c]}{\sum_i w_i [y_i = c]}

    for label 1 of two classes, or the class in the name: ``recall@late``. Wilson's interval.

    References
    ----------
    Van Rijsbergen, C. J. (1979). Information Retrieval, chapter 7.
    """

    key: ClassVar[str] = "recall"
    parameter: ClassVar[str] = "of"
    title: ClassVar[str] = "recall"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass", "multilabel"})
    outputs: ClassVar[tuple[str, ...]] = ()

    of: str | None = None

    def missing(self, rows: ScoredRows) -> str:
        """Need a decision, and to know of which class."""
        return need_class(self.key, self.of, rows)

    def hits(self, rows: ScoredRows) -> tuple[Bools, Bools]:
        """Return which rows are answered rightly, among those of the class."""
        true, answered = of_class(position(self.of or "", rows), rows)
        return true & answered, true


class RecallMacro(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The mean recall of the classes that are true or answered anywhere."""

    key: ClassVar[str] = "recall_macro"
    title: ClassVar[str] = "mean recall of the classes"
    ratio: ClassVar[tuple[float, float, float]] = _RATIO


class RecallMicro(RatioMetric, frozen=True, forbid_unknown_fields=True):
    """The recall of all classes together; with one class a row it is the accuracy."""

    key: ClassVar[str] = "recall_micro"
    title: ClassVar[str] = "recall of all classes"
    average: ClassVar[str] = "micro"
    ratio: ClassVar[tuple[float, float, float]] = _RATIO
