"""The Kolmogorov-Smirnov distance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats, as_counts, as_floats
from meguru.stats.drift.result import DriftResult, check_floor, share_of_alarms


def ks_distance(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """The greatest distance of two cumulative shares, from counts over the same ordered bins.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts; bins in ascending order of what they hold.

    Returns
    -------
    float
        In [0, 1]. Never more than the distance of the values themselves, and less by at most the share of the
        fullest bin.

    Examples
    --------
    >>> round(ks_distance([5, 3, 2], [2, 3, 5]), 9)
    0.3
    """
    before, after = _read(reference, current)
    return float(np.max(np.abs(_cumulative(before) - _cumulative(after))))


def ks_distance_of_values(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """The greatest distance of two empirical distribution functions, exactly; O((n + m) log n).

    Parameters
    ----------
    reference, current
        Shapes (n,) and (m,), finite, any common unit, in any order.
    """
    before, after = np.sort(as_floats(reference, "reference")), np.sort(as_floats(current, "current"))
    if not before.size or not after.size:
        raise InvalidInput(
            "both sides need at least one value", field="current" if before.size else "reference"
        )
    places = np.concatenate((before, after))
    share_before = np.searchsorted(before, places, side="right") / before.size
    share_after = np.searchsorted(after, places, side="right") / after.size
    return float(np.max(np.abs(share_before - share_after)))


def ks_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    comparisons: int = 1,
    floor: float = 0.05,
) -> DriftResult:
    """Whether the distance of two sets of counts is more than noise and more than a trifle.

    Parameters
    ----------
    reference, current
        Shape (bins,), counts over the same ordered bins.
    alpha
        Scalar, probability; false alarms accepted over all `comparisons` when nothing changed.
    comparisons
        Scalar, count; the columns tested together (Bonferroni: each gets alpha / comparisons).
    floor
        Scalar, distance in [0, 1]; a change below it is not worth an alarm, however many rows prove it.

    Notes
    -----
    As `ks_decision`, with the distance over the bins; ties within a bin make the test rarer to ring, never
    likelier.
    """
    before, after = _read(reference, current)
    n, m = int(before.sum()), int(after.sum())
    return ks_decision(
        ks_distance(before, after), n, m, bins=before.size, alpha=alpha, comparisons=comparisons, floor=floor
    )


def ks_decision(
    statistic: float,
    n_reference: int,
    n_current: int,
    *,
    bins: int = 0,
    alpha: float = 0.01,
    comparisons: int = 1,
    floor: float = 0.05,
) -> DriftResult:
    r"""Whether a distance between so many rows is more than noise and more than a trifle.

    Notes
    -----
    Without change, :math:`D / \sqrt{1/n + 1/m}` follows Kolmogorov's distribution *K*. The threshold is

    .. math:: \max\left(u\,K^{-1}(1 - \alpha/c),\; f + u\,K^{-1}(0.95)\right), \quad u = \sqrt{1/n + 1/m}

    with floor *f* and *c* comparisons. A p-value guards small windows, and the floor above the noise (1.36
    standard units) guards large ones, where every p-value is small.

    References
    ----------
    Smirnov, N. (1948). Table for estimating the goodness of fit of empirical distributions. Ann. Math.
    Stat. 19.
    """
    from scipy.special import kolmogi, kolmogorov

    level, floor = share_of_alarms(alpha, comparisons), check_floor(floor)
    unit = math.sqrt(1 / n_reference + 1 / n_current)
    noise = unit * float(kolmogi(0.05))
    threshold = max(unit * float(kolmogi(level)), floor + noise)
    return DriftResult(
        statistic=statistic,
        threshold=threshold,
        effect=max(0.0, statistic - noise),
        p_value=float(kolmogorov(statistic / unit)),
        drifted=statistic > threshold,
        n_reference=n_reference,
        n_current=n_current,
        bins=bins,
    )


def _cumulative(counts: Floats) -> Floats:
    return np.cumsum(counts) / float(counts.sum())


def _read(reference: npt.ArrayLike, current: npt.ArrayLike) -> tuple[Floats, Floats]:
    before, after = as_counts(reference, "reference"), as_counts(current, "current")
    if before.shape != after.shape:
        raise InvalidInput(
            "reference and current must have the same bins",
            field="current",
            why=f"they have {before.size} and {after.size}",
        )
    return before, after
