"""What a random sample without a finding is worth."""

from __future__ import annotations

import math


def miss_probability(total: int, sample: int, lost: int) -> float:
    r"""Return the chance that a sample holds none of the lost ones.

    Parameters
    ----------
    total, sample
        How many there are, and how many of them were drawn at random, each at most once.
    lost
        How many of them are supposed to be lost.

    Notes
    -----
    The hypergeometric distribution at zero,
    :math:`\binom{N-K}{n} / \binom{N}{n} = \prod_{i=0}^{K-1} \frac{N-n-i}{N-i}`.

    Examples
    --------
    >>> miss_probability(100, 10, 1)
    0.9
    >>> round(miss_probability(1000, 200, 10), 3)
    0.106
    >>> miss_probability(5, 5, 1)
    0.0
    """
    if sample > total - lost:
        return 0.0 if lost else 1.0
    logs = (math.lgamma(total - lost + 1), -math.lgamma(total - lost - sample + 1))
    all_logs = (-math.lgamma(total + 1), math.lgamma(total - sample + 1))
    return round(math.exp(sum(logs) + sum(all_logs)), 6)
