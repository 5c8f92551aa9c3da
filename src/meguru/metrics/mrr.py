"""Mean reciprocal rank of ranked lists."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.metrics.lists import ListMetric, Lists
from meguru.stats.arrays import Bools, Floats


class Mrr(ListMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean over lists of one over the rank of the first relevant row.

    Notes
    -----
    .. math:: 1 / \min_{i \in R} \#\{j : s_j \ge s_i\}

    for each list, with *R* its rows of a relevance above 0; of equal scores the row stands last, so that
    answering all alike gains nothing. Lists without a relevant row don't count.

    References
    ----------
    Voorhees, E. M. (1999). The TREC-8 question answering track report. TREC.
    """

    key: ClassVar[str] = "mrr"
    title: ClassVar[str] = "mean reciprocal rank"

    def of_lists(self, lists: Lists) -> tuple[Floats, Bools]:
        """Return the reciprocal rank of each list, and which have a relevant row."""
        relevant = np.add.reduceat(lists.relevance > 0, lists.ties, dtype=np.int64) > 0
        where = lists.of_row[lists.ties][relevant]
        found = np.zeros(len(lists.starts))
        np.maximum.at(found, where, 1.0 / (lists.rank[lists.ends - 1][relevant] + 1))
        return found, np.asarray(found > 0)
