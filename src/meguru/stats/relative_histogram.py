r"""Counts of positive numbers by their size, so that a quantile is known within two per cent of itself.

Bucket $i$ holds what lies in $(\gamma^{i-1}, \gamma^i]$ with $\gamma = (1 + \alpha)/(1 - \alpha)$ and
$\alpha = 0.02$. Counts of two are added, bucket by bucket: what many processes counted apart is what one
would have counted.

References
----------
Masson, C., Rim, J. E., Lee, H. K. (2019). DDSketch: a fast and fully-mergeable quantile sketch with
relative-error guarantees. PVLDB 12(12).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

ALPHA = 0.02
_GAMMA = (1 + ALPHA) / (1 - ALPHA)
_LOG = math.log(_GAMMA)
SMALLEST = 1e-6
"""What is smaller counts as this."""


def bucket(value: float) -> int:
    """Return the bucket of a number.

    Examples
    --------
    >>> bucket(1.0), bucket(1.04), bucket(0.0) == bucket(1e-6)
    (0, 1, True)
    """
    # The logarithm of a bucket's own upper end may be a last bit above a whole number; it belongs to this
    # bucket.
    return math.ceil(math.log(max(value, SMALLEST)) / _LOG - 1e-9)


def quantile(counts: Mapping[int, int], share: float) -> float:
    """Return the number that a share of all are not above, within two per cent of itself.

    Parameters
    ----------
    counts
        By bucket.
    share
        Scalar, in [0, 1].

    Returns
    -------
    float
        NaN when nothing was counted.

    Examples
    --------
    >>> counts = {bucket(seconds): 1 for seconds in (0.01, 0.02, 0.04, 0.08)}
    >>> round(quantile(counts, 0.5), 3)
    0.02
    """
    total = sum(counts.values())
    rank = max(1, math.ceil(share * total))
    seen = 0
    for index in sorted(counts):
        seen += counts[index]
        if seen >= rank:
            return float(2 * _GAMMA**index / (_GAMMA + 1))
    return math.nan


def above(counts: Mapping[int, int], value: float) -> int:
    """Count what is above a number; what shares its bucket is not."""
    limit = bucket(value)
    return sum(n for index, n in counts.items() if index > limit)
