"""Confidence intervals, and the closed ones for a share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from meguru.errors import InvalidInput
from meguru.stats.arrays import as_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with the interval that holds the truth with probability `level`.

    All three numbers are NaN when the data can't tell (for an AUC: one class only).
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    n: int


def normal_quantile(level: float) -> float:
    """The two-sided normal quantile: 1.96 for a level of 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + as_level(level) / 2))


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""The Wilson score interval of a share.

    Parameters
    ----------
    successes
        Scalar, count; how many of the `n` had the property.
    n
        Scalar, count. Zero gives NaN for the estimate and the interval (0, 1): nothing is known.
    level
        Scalar, probability in (0, 1).

    Raises
    ------
    InvalidInput
        When `successes` is negative or greater than `n`.

    Notes
    -----
    .. math:: \frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> interval = wilson(8, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= successes <= n:
        raise InvalidInput("successes must lie between 0 and n", field="successes", why=f"{successes} of {n}")
    z = normal_quantile(level)
    if n == 0:
        return Interval(estimate=math.nan, low=0.0, high=1.0, level=level, method="wilson", n=0)
    share = successes / n
    low, high = wilson_share(share, n, z)
    return Interval(estimate=share, low=low, high=high, level=level, method="wilson", n=n)


def wilson_share(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's bounds of a share of `n` rows, which may be an effective number; `z` is the quantile."""
    if n <= 0:
        return 0.0, 1.0
    shrink = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink
    # At 0 and 1 centre and half are equal on paper, and a last bit apart in floating point.
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return low, high
