"""Standard errors for rows that depend on their neighbours: batch means and the delete-block jackknife."""

from __future__ import annotations

import math

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.intervals import Interval


def total_error(parts: Floats) -> float:
    r"""Return the standard error of a sum, from its sums over blocks of rows.

    Parameters
    ----------
    parts
        Shape (b,), in the unit of the sum: over each of b blocks of equally many rows.

    Returns
    -------
    float
        In the unit of the sum; NaN with fewer than two blocks.

    Notes
    -----
    .. math:: \widehat{se}(T) = \sqrt{\tfrac{b}{b-1} \sum_i (t_i - \bar t)^2}

    Blocks that follow one another hold rows that depend on each other together, so that only the blocks
    need be independent [1]_.

    References
    ----------
    .. [1] Schmeiser, B. (1982). Batch size effects in the analysis of simulation output. Operations Research
       30(3), 556-568.
    """
    b = parts.size
    if b < 2:
        return math.nan
    # b / (b - 1) makes b times the sample variance of the sums, with one degree of freedom for their mean.
    return math.sqrt(b / (b - 1) * float(np.sum((parts - parts.mean()) ** 2)))


def jackknife_error(without: Floats) -> float:
    r"""Return the standard error of a number, from what it is without each of the blocks of rows.

    Parameters
    ----------
    without
        Shape (b,), in the unit of the number: computed of all rows but those of one block.

    Returns
    -------
    float
        In the unit of the number; NaN with fewer than two blocks.

    Notes
    -----
    .. math:: \widehat{se}(\theta) = \sqrt{\tfrac{b-1}{b} \sum_i (\theta_{(i)} - \bar\theta)^2}

    For means, ratios and other smooth numbers; not for a median or a maximum of few rows [1]_.

    References
    ----------
    .. [1] Künsch, H. R. (1989). The jackknife and the bootstrap for general stationary observations. Annals
       of Statistics 17(3), 1217-1241.
    """
    b = without.size
    if b < 2:
        return math.nan
    # (b - 1) / b: values that share all blocks but one differ by about 1 / (b - 1) of what single blocks do.
    return math.sqrt((b - 1) / b * float(np.sum((without - without.mean()) ** 2)))


def student_interval(
    value: float, error: float, blocks: int, n: int, *, level: float = 0.95, method: str = "block jackknife"
) -> Interval:
    """Return a number with its interval by Student's law with ``blocks - 1`` degrees of freedom.

    Raises
    ------
    InvalidInput
        With fewer than two blocks.
    """
    from scipy.special import stdtrit

    if blocks < 2:
        raise InvalidInput("an interval needs two blocks of rows", field="blocks", why=f"there are {blocks}")
    # The error is estimated from the blocks, so few of them make it uncertain: Student's law, not the normal.
    half = float(stdtrit(blocks - 1, 0.5 + level / 2)) * error
    return Interval(estimate=value, low=value - half, high=value + half, level=level, n=n, method=method)
