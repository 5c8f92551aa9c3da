"""Normalised discounted cumulative gain."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.lists import ListMetric, Lists, sort_lists
from meguru.stats.arrays import Floats


class Ndcg(ListMetric, frozen=True, forbid_unknown_fields=True):
    r"""The discounted gain of the order, as a share of the best order's; ``ndcg@10`` looks at the first ten.

    Notes
    -----
    .. math:: \frac{\sum_{r \le k} g_r / \log_2(1 + r)}{\sum_{r \le k} g^*_r / \log_2(1 + r)}

    with the relevance *g* itself as gain, as in scikit-learn; rows of equal scores share the mean of their
    discounts. A list without any relevant row is 0.

    References
    ----------
    Järvelin, K., Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM TOIS 20.
    McSherry, F., Najork, M. (2008). Computing information retrieval performance measures efficiently in the
    presence of tied scores. ECIR.
    """

    key: ClassVar[str] = "ndcg"
    parameter: ClassVar[str] = "k"
    title: ClassVar[str] = "normalised discounted cumulative gain"

    k: int | None = None

    def check(self) -> None:
        """Refuse a k that is none."""
        if self.k is not None and self.k < 1:
            raise InvalidInput("k must be at least 1", field="k", why=f"it is {self.k}")

    def of_lists(self, lists: Lists) -> tuple[Floats, None]:
        """Return the gain of each list as a share of the best."""
        if float(lists.relevance.min()) < 0:
            raise InvalidInput("a relevance must not be negative", field="truth")
        # The best order is by relevance; its ties do not matter, since equal gains share any discount alike.
        best = self._gains(sort_lists(lists.of_row, lists.relevance, lists.relevance))
        found = self._gains(lists)
        return np.divide(found, best, out=np.zeros_like(found), where=best > 0), None

    def _gains(self, lists: Lists) -> Floats:
        discount = 1 / np.log2(lists.rank + 2)
        if self.k is not None:
            discount[lists.rank >= self.k] = 0.0
        size = lists.ends - lists.ties
        gain = np.add.reduceat(lists.relevance, lists.ties) / size * np.add.reduceat(discount, lists.ties)
        of_tie = lists.of_row[lists.ties]
        return np.bincount(of_tie, weights=gain, minlength=len(lists.starts)).astype(np.float64)
