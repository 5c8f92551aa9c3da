"""Multiple testing: the false discovery rate (Benjamini-Hochberg)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def discoveries(p_values: Sequence[float], level: float) -> list[bool]:
    """Return which of some p-values stand for a change, so that of those that do a share `level` is wrong.

    Parameters
    ----------
    p_values
        Shape (n,), probabilities, in any order.
    level
        Scalar, probability: the false discovery rate.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat. Soc. B 57.

    Examples
    --------
    >>> discoveries([0.001, 0.8, 0.012], 0.02)
    [True, False, True]
    """
    found = np.asarray(p_values, dtype=np.float64)
    if not found.size:
        return []
    order = np.sort(found)
    # Step-up: the largest k with p_(k) <= level * k / n decides, even if a smaller k fails.
    below = np.flatnonzero(order <= level * np.arange(1, found.size + 1) / found.size)
    return [bool(each) for each in found <= (order[below[-1]] if below.size else -1.0)]
