"""Differences and ratios between groups, with simultaneous intervals over all pairs of groups."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Floats
from meguru.stats.intervals import normal_quantile
from meguru.stats.simultaneous import range_quantile, sidak_level

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disparity:
    """The difference between the highest group and the lowest, or their ratio.

    `highest` and `lowest` are positions of groups. With probability `level` the gap of the truth lies between
    `low` and `high`; all NaN when fewer than two groups can be told.
    """

    value: float
    low: float
    high: float
    level: float
    highest: int = -1
    lowest: int = -1


def share_difference(hits: Floats, among: Floats, level: float = 0.95) -> Disparity:
    r"""The greatest difference between the shares of two groups, as Fairlearn's ``difference`` is.

    Parameters
    ----------
    hits, among
        Shape (groups,), counts; a group with none among it is left out.
    level
        Scalar, probability in (0, 1), that the intervals of all pairs hold together (max-T).

    Notes
    -----
    Newcombe's interval of each pair, from Wilson's bounds *l*, *u* of both shares:

    .. math:: (p_i - p_j) \pm \sqrt{(p_i - l_i)^2 + (u_j - p_j)^2}

    The bounds are taken at the quantile of the largest of all pairs (`range_quantile`), so that all hold at
    once. The greatest lower and the greatest upper bound of all pairs are those of the gap. O(groups²).

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison
    of eleven methods. Statistics in Medicine 17. Agresti, A. et al. (2008). Simultaneous confidence intervals
    for comparing binomial parameters. Biometrics 64.
    """
    some = np.flatnonzero(among > 0)
    if some.size < 2:
        return _untold(level)
    shares = hits[some] / among[some]
    low, high = wilson_bounds(hits[some], among[some], range_quantile(some.size, level))
    down = np.sqrt(np.square(shares - low)[:, None] + np.square(high - shares)[None, :])
    return _widest(shares, down, some, level)


def mean_difference(means: Floats, errors: Floats, level: float = 0.95) -> Disparity:
    """The greatest difference between the means of two groups.

    Parameters
    ----------
    means, errors
        Shape (groups,): the means, and their standard errors; a group with NaN is left out.
    level
        As in `share_difference`.
    """
    some = np.flatnonzero(np.isfinite(means) & np.isfinite(errors))
    if some.size < 2:
        return _untold(level)
    squares = np.square(errors[some])
    down = range_quantile(some.size, level) * np.sqrt(squares[:, None] + squares[None, :])
    return _widest(means[some], down, some, level)


def mean_ratio(means: Floats, errors: Floats, level: float = 0.95) -> Disparity:
    r"""The lowest group's mean as a part of the highest group's, of means above 0 (an error's size).

    Parameters
    ----------
    means, errors, level
        As in `mean_difference`. NaN when the highest mean is 0.

    Notes
    -----
    Of each pair, by the delta method on the logarithm:

    .. math:: \log\frac{m_i}{m_j} \pm z \sqrt{\frac{s_i^2}{m_i^2} + \frac{s_j^2}{m_j^2}}
    """
    some = np.flatnonzero(np.isfinite(means) & np.isfinite(errors))
    if some.size < 2 or not means[some].max() > 0:
        return _untold(level)
    found = means[some]
    lowest, highest = int(found.argmin()), int(found.argmax())
    low = high = value = float(found[lowest] / found[highest])
    if found[lowest] > 0:
        relative = np.square(errors[some] / found)
        half = range_quantile(some.size, level) * np.sqrt(relative[:, None] + relative[None, :])
        ratios, apart = np.log(found[:, None] / found[None, :]), ~np.eye(some.size, dtype=bool)
        low = min(value, float(np.exp((ratios - half)[apart].min())))
        high = min(1.0, float(np.exp((ratios + half)[apart].min())))
    return Disparity(
        value=value, low=low, high=high, level=level, highest=int(some[highest]), lowest=int(some[lowest])
    )


def distance_from_zero(means: Floats, errors: Floats, level: float = 0.95) -> Disparity:
    """How far the mean that is farthest from 0 is from it; its interval holds for all means at once (Šidák).

    Parameters
    ----------
    means, errors, level
        As in `mean_difference`. `highest` is the group that is farthest.
    """
    some = np.flatnonzero(np.isfinite(means) & np.isfinite(errors))
    if not some.size:
        return _untold(level)
    half = normal_quantile(sidak_level(some.size, level)) * errors[some]
    sizes = np.abs(means[some])
    farthest = int(sizes.argmax())
    return Disparity(
        value=float(sizes[farthest]),
        low=max(0.0, float((sizes - half).max())),
        high=float((sizes + half).max()),
        level=level,
        highest=int(some[farthest]),
        lowest=int(some[farthest]),
    )


def share_ratio(hits: Floats, among: Floats, level: float = 0.95) -> Disparity:
    r"""The lowest group's share as a part of the highest group's, as Fairlearn's ``ratio`` is.

    Parameters
    ----------
    hits, among, level
        As in `share_difference`. NaN when no group has the property.

    Notes
    -----
    The interval of each ratio :math:`p_i / p_j` by the method of variance estimates recovery from Wilson's
    bounds; the least lower and the least upper bound of all pairs are those of the gap.

    References
    ----------
    Donner, A., Zou, G. Y. (2012). Closed-form confidence intervals for functions of the normal mean and
    standard deviation. Statistical Methods in Medical Research 21.
    """
    some = np.flatnonzero(among > 0)
    shares = hits[some] / among[some]
    if some.size < 2 or not shares.max() > 0:
        return _untold(level)
    low, high = wilson_bounds(hits[some], among[some], range_quantile(some.size, level))
    product = shares[:, None] * shares[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Donner and Zou's bounds: the lower one takes the lower bound of the numerator and the upper one of
        # the denominator.
        lower = _ratio_bound(product, shares, low, high, -1.0)
        upper = _ratio_bound(product, shares, high, low, 1.0)
    apart = ~np.eye(some.size, dtype=bool)
    lowest, highest = int(shares.argmin()), int(shares.argmax())
    return Disparity(
        value=float(shares[lowest] / shares[highest]),
        low=min(1.0, float(np.nanmin(lower[apart], initial=1.0))),
        high=min(1.0, float(np.nanmin(upper[apart], initial=1.0))),
        level=level,
        highest=int(some[highest]),
        lowest=int(some[lowest]),
    )


def wilson_bounds(hits: Floats, among: Floats, z: float) -> tuple[Floats, Floats]:
    """Wilson's bounds of many shares, shape (groups,) each; every group has rows. `z` is the quantile."""
    share, shrink = hits / among, 1 + z * z / among
    centre = (share + z * z / (2 * among)) / shrink
    half = z * np.sqrt(share * (1 - share) / among + np.square(z / (2 * among))) / shrink
    low = np.where(hits == 0, 0.0, np.maximum(0.0, centre - half))
    return low, np.where(hits == among, 1.0, np.minimum(1.0, centre + half))


def _ratio_bound(product: Floats, shares: Floats, own: Floats, others: Floats, sign: float) -> Floats:
    """Return one bound of each ratio of a row's share to a column's; NaN where the column's is 0."""
    mine = own[:, None] * (2 * shares - own)[:, None]
    theirs = others[None, :] * (2 * shares - others)[None, :]
    root = np.sqrt(np.maximum(np.square(product) - mine * theirs, 0.0))
    found = (product + sign * root) / theirs
    if sign > 0:  # a share whose lower bound is 0 may be as small as one likes
        found = np.where(theirs <= 0, np.inf, found)
    return np.maximum(found, 0.0)


def _widest(values: Floats, down: Floats, groups: Places, level: float) -> Disparity:
    """Return the gap from how far below each difference (row minus column) may lie."""
    differences = values[:, None] - values[None, :]
    apart = ~np.eye(values.size, dtype=bool)
    lowest, highest = int(values.argmin()), int(values.argmax())
    return Disparity(
        value=float(values[highest] - values[lowest]),
        low=max(0.0, float((differences - down)[apart].max())),
        # How far above p_i - p_j may lie is how far below p_j - p_i may.
        high=float((differences + down.T)[apart].max()),
        level=level,
        highest=int(groups[highest]),
        lowest=int(groups[lowest]),
    )


def _untold(level: float) -> Disparity:
    return Disparity(value=math.nan, low=math.nan, high=math.nan, level=level)
