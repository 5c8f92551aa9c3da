"""Exact test of two Poisson rates: whether something rare became more frequent, even one row in a million."""

from __future__ import annotations

from meguru.stats.arrays import as_level


def rise_p_value(count: int, rows: int, count_before: int, rows_before: int) -> float:
    r"""Return how often chance alone gives so many, had the share stayed as it was.

    Parameters
    ----------
    count, count_before
        Scalars, counts: rows that have the property, now and before.
    rows, rows_before
        Scalars, counts: all rows, now and before; without any, nothing is certain.

    Returns
    -------
    float
        One-sided p-value; 1 when there is none now.

    Notes
    -----
    Given :math:`t = k + k_0` in all, those of now follow a binomial distribution if both shares are alike:

    .. math:: P(K \ge k \mid t) = I_{m/(m+n)}(k,\, k_0 + 1)

    with the regularised incomplete beta function. It is the exact test of two Poisson rates, and the limit of
    Fisher's for rare properties; of frequent ones its p-values are too large, never too small.

    With :math:`k_0 = 1` it says how many rows lie outside the range of `rows_before` others by chance,
    whatever the distribution: its two ends take two
    of the :math:`n + 1` gaps between the sorted rows.

    References
    ----------
    Przyborowski, J., Wilenski, H. (1940). Homogeneity of results in testing samples from Poisson series.
    Biometrika 31.
    Wilks, S. S. (1941). Determination of sample sizes for setting tolerance limits. Annals of Mathematical
    Statistics 12.

    Examples
    --------
    >>> round(rise_p_value(5, 1000, 1, 1000), 4)
    0.1094
    """
    if count <= 0 or rows <= 0 or rows_before <= 0:
        return 1.0
    from scipy.special import betainc

    # A binomial tail as an incomplete beta function: exact for counts in the millions, where sums of terms
    # would underflow.
    return float(betainc(count, count_before + 1, rows / (rows + rows_before)))


def fall_p_value(count: int, rows: int, count_before: int, rows_before: int) -> float:
    """Return how often chance alone gives so few; `rise_p_value` the other way round."""
    return rise_p_value(count_before, rows_before, count, rows)


def max_count_by_chance(rows: int, count_before: int, rows_before: int, level: float) -> int:
    """Return the greatest count among some rows that chance makes with more than the probability `level`."""
    as_level(level, "level")
    # The p-value falls as the count rises, so the last count above the level is found by halving.
    least, most = 0, max(rows, 0)
    while least < most:
        middle = (least + most + 1) // 2
        if rise_p_value(middle, rows, count_before, rows_before) > level:
            least = middle
        else:
            most = middle - 1
    return least
