"""The mean recall of the classes that occur."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.rows import ScoredRows
from meguru.metrics.tallies import ClassTally, RatioMetric, equal_shares
from meguru.stats.arrays import Floats


class BalancedAccuracy(RatioMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean share of right answers by true class: what always says one class has 1 / k.

    Notes
    -----
    .. math:: \frac{1}{k} \sum_c \frac{\sum_i w_i [\hat y_i = y_i = c]}{\sum_i w_i [y_i = c]}

    over the *k* classes that occur in the truth. Interval by the delta method.

    References
    ----------
    Brodersen, K. H. et al. (2010). The balanced accuracy and its posterior distribution. ICPR.
    """

    key: ClassVar[str] = "balanced_accuracy"
    title: ClassVar[str] = "balanced accuracy"
    ratio: ClassVar[tuple[float, float, float]] = (1.0, 0.0, 1.0)
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass"})

    def shares(self, found: ClassTally, rows: ScoredRows) -> Floats:
        """Return equal shares of the classes that are true."""
        del rows
        return equal_shares(np.asarray(found.true > 0))
