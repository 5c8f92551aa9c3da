"""Mean average precision of ranked lists."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.lists import ListMetric, Lists
from meguru.stats.arrays import Bools, Floats


class MeanAveragePrecision(ListMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean over lists of the mean precision at each relevant row (MAP).

    Notes
    -----
    .. math:: \frac{1}{|R|} \sum_{i \in R} \frac{\#\{j \in R : s_j \ge s_i\}}{\#\{j : s_j \ge s_i\}}

    for each list, with *R* its rows of a relevance above 0: scikit-learn's average precision of the list.
    Lists without a relevant row don't count.

    References
    ----------
    Buckley, C., Voorhees, E. M. (2000). Evaluating evaluation measure stability. SIGIR.
    """

    key: ClassVar[str] = "map"
    title: ClassVar[str] = "mean average precision"

    def of_lists(self, lists: Lists) -> tuple[Floats, Bools]:
        """Return the average precision of each list, and which have a relevant row."""
        relevant = (lists.relevance > 0).astype(np.float64)
        step = np.add.reduceat(relevant, lists.ties)
        of_tie = lists.of_row[lists.ties]
        running = np.cumsum(relevant)
        before = np.concatenate(([0.0], running))[lists.starts]
        # Rows of one score stand at the same rank, that of the last of them: precision counts all of them.
        above = running[lists.ends - 1] - before[of_tie]
        precision = above / (lists.rank[lists.ends - 1] + 1)
        total = np.bincount(lists.of_row, weights=relevant, minlength=len(lists.starts))
        found = np.bincount(of_tie, weights=step * precision, minlength=len(lists.starts))
        return np.divide(found, total, out=np.zeros_like(found), where=total > 0), np.asarray(total > 0)
