"""Whether a share of rows changed, such as that of missing values."""

from __future__ import annotations

import math

from meguru.stats.drift.chi_square import chi_square_test
from meguru.stats.drift.result import DriftResult, check_floor, conclude
from meguru.stats.poisson_rates import fall_p_value, rise_p_value


def share_test(
    has_reference: int,
    n_reference: int,
    has_current: int,
    n_current: int,
    *,
    level: float = 0.01,
    floor: float = 0.05,
) -> DriftResult:
    r"""Tell whether a share is another on two sides, by more than noise and more than a trifle.

    Parameters
    ----------
    has_reference, has_current
        Scalars, counts of the rows that have it.
    n_reference, n_current
        Scalars, counts of all rows; at least one each.
    level
        Scalar, probability of a false alarm.
    floor
        Scalar, a difference of shares.

    Notes
    -----
    The statistic is the difference of the shares, the p-value that of the chi-square test of the two by two
    table, or, of what is too rare for it, twice that of the exact test of two Poisson rates; the effect is
    the difference less what chance makes of it on average,
    :math:`\sqrt{2v/\pi}` with :math:`v = \bar p(1-\bar p)(1/n + 1/m)`.

    Examples
    --------
    >>> found = share_test(0, 3000, 600, 3000)
    >>> found.statistic, round(found.effect, 3), found.drifted
    (0.2, 0.194, True)
    """
    from scipy.special import ndtri

    result = chi_square_test(
        [has_reference, n_reference - has_reference], [has_current, n_current - has_current], alpha=level
    )
    pooled = (has_reference + has_current) / (n_reference + n_current)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / n_reference + 1 / n_current))
    difference = abs(has_current / n_current - has_reference / n_reference)
    chance = math.sqrt(2 / math.pi) * deviation
    is_common = result.bins > 1
    p_value = result.p_value if is_common else _of_few(has_reference, n_reference, has_current, n_current)
    critical = deviation * float(ndtri(1 - level / 2))
    if not is_common:
        # The normal law does not hold for what is rare: there the exact p-value alone says what chance makes.
        critical = 0.0 if p_value < level else difference
    return conclude(
        difference,
        critical=critical,
        worth=check_floor(floor) + chance,
        effect=difference - chance,
        p_value=p_value,
        sizes=(n_reference, n_current),
        bins=2,
    )


def _of_few(had: int, n: int, has: int, m: int) -> float:
    """Return the two-sided p-value of what is rare: of the rows that have it, or of those that don't."""
    if 2 * (had + has) > n + m:
        had, has = n - had, m - has
    return min(1.0, 2 * min(rise_p_value(has, m, had, n), fall_p_value(has, m, had, n)))
