"""The bootstrap, for any metric that can say its value when rows count more or less often."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from meguru.metrics.base import Resampler
from meguru.metrics.rows import Codes
from meguru.stats.arrays import Floats, as_level
from meguru.stats.intervals import Interval

MAX_RESAMPLES, MIN_RESAMPLES = 1000, 200
MAX_ROWS_DRAWN = 50_000_000
"""So many rows at most are drawn in all, but never fewer than `MIN_RESAMPLES` times all of them."""


def bootstrap(
    resampler: Resampler, other: Resampler | None, n: int, block: Codes | None, *, level: float, seed: int
) -> Interval:
    """The percentile bootstrap interval of a metric, or of its paired difference.

    Parameters
    ----------
    resampler, other
        Give the value when row *i* counts ``counts[i]`` times; with `other` the difference is drawn.
    n
        Scalar, rows.
    block
        Shape (n,): whole blocks are drawn, since their rows depend on each other; None draws rows.
    level
        Scalar, probability in (0, 1).
    seed
        Scalar; the same seed on the same rows gives the same interval, on any machine.

    Notes
    -----
    Draws without a value (a class is missing) are left out. Not corrected for bias.

    References
    ----------
    Efron, B., Tibshirani, R. (1993). An Introduction to the Bootstrap, chapter 13.
    Cameron, A. C., Gelbach, J. B., Miller, D. L. (2008). Bootstrap-based improvements for inference with
    clustered errors. Review of Economics and Statistics 90.
    """

    def drawn(counts: Floats) -> float:
        return resampler(counts) - (0.0 if other is None else other(counts))

    estimate = drawn(np.ones(n)) if n else math.nan
    values = np.array([] if math.isnan(estimate) else [drawn(each) for each in counts_of(n, block, seed)])
    values = values[~np.isnan(values)]
    low, high = math.nan, math.nan
    if values.size:
        share = (1 - as_level(level)) / 2
        low, high = (float(each) for each in np.quantile(values, [share, 1 - share]))
    return Interval(estimate=estimate, low=low, high=high, level=level, method="bootstrap", n=n)


def counts_of(n: int, block: Codes | None, seed: int) -> Iterator[Floats]:
    """Draw rows, or blocks, with replacement: how often each row counts, shape (n,), once a draw."""
    draw = np.random.default_rng(seed)
    units, of_row = (n, None) if block is None else dense(block)
    # Fewer draws of many rows: the percentiles of 200 are known to about a twentieth of the interval's width.
    for _ in range(max(MIN_RESAMPLES, min(MAX_RESAMPLES, MAX_ROWS_DRAWN // max(1, n)))):
        counts = np.bincount(draw.integers(0, units, size=units), minlength=units).astype(np.float64)
        yield counts if of_row is None else counts[of_row]


def dense(codes: Codes) -> tuple[int, Codes]:
    """Number codes from 0 without gaps: how many there are, and those of the rows."""
    found, inverse = np.unique(codes, return_inverse=True)
    return len(found), inverse
