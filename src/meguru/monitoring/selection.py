"""Whether the outcomes that are known stand for all rows, or came for some of them only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from meguru.errors import InvalidInput
from meguru.monitoring.base import Baseline
from meguru.stats import ColumnCounts, ColumnProfile, NumericProfile
from meguru.stats.arrays import Floats
from meguru.stats.estimates import Calibration, ScoreOutcomes

if TYPE_CHECKING:
    import polars as pl

MAX_GAP, SIGNIFICANCE_LEVEL = 0.2, 1e-4
"""So far apart the shares of known outcomes by score may be; so unlikely it must be that chance did it."""
MIN_ROWS = 50
"""Rows of a part of the scores, that it is compared."""


def score_outcomes(rows: pl.DataFrame, outcome: str, score: str) -> ScoreOutcomes | None:
    """Return what became of rows by score, of those where both are known; None where they are no 0 and 1."""
    if not {outcome, score} <= set(rows.columns):
        return None
    if not (rows.schema[outcome].is_numeric() and rows.schema[score].is_numeric()):
        return None
    pairs = rows.select(outcome, score).drop_nulls().to_numpy().astype(np.float64)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    try:
        return ScoreOutcomes.of(pairs[:, 0], pairs[:, 1])
    except InvalidInput:
        return None


def selective(
    known: ScoreOutcomes | None, profile: ColumnProfile | None, now: ColumnCounts | None, baseline: Baseline
) -> str:
    """Return why the known outcomes do not stand for all rows; empty when nothing says so.

    Parameters
    ----------
    known
        Of the window, what became of rows by score.
    profile, now
        The bins of the score, and how many rows of the window are in each, with outcome or without.
    baseline
        What became of the holdout by score.

    Notes
    -----
    Two things are told: that outcomes of one kind came where a calibrated score, or else the score itself,
    says that there must be both (the chance of it below 10⁻⁴); and that the share of rows whose outcome is
    known hangs on the score (chi-square, and by more than 0.2 between two tenths of the scores).
    """
    if known is None or not known.total:
        return ""
    return _one_kind(known, baseline) or _by_score(known, profile, now)


def _one_kind(known: ScoreOutcomes, baseline: Baseline) -> str:
    if known.both_classes:
        return ""
    before = next(iter(baseline.outcomes.values()), None)
    if before is not None and before.both_classes:
        chances, _ = Calibration.of(before).at(known.scores)
    elif known.scores[0] >= 0 and known.scores[-1] <= 1:
        chances = known.scores
    else:
        return ""
    came = 1 if known.positives.sum() else 0
    wanted = float(known.rows @ (1 - chances if came else chances))
    # Poisson: with `wanted` of the other kind expected, exp(-wanted) is the chance that none came.
    if math.exp(-wanted) >= SIGNIFICANCE_LEVEL:
        return ""
    few = (
        f"all {known.total:,.0f} known outcomes are {came}, and about {wanted:,.0f} others are to be expected"
    )
    return f"{few}; they come for one kind only"


def _by_score(known: ScoreOutcomes, profile: ColumnProfile | None, now: ColumnCounts | None) -> str:
    if not isinstance(profile, NumericProfile) or now is None or not len(profile.edges):
        return ""
    rows = now.deciles.astype(np.float64)
    place = np.searchsorted(np.array(profile.edges), known.scores, side="left")
    told = np.minimum(np.bincount(place, weights=known.rows, minlength=rows.size), rows)
    some = rows >= MIN_ROWS
    if some.sum() < 2:
        return ""
    shares, rows, told = told[some] / rows[some], rows[some], told[some]
    low, high = float(shares.min()), float(shares.max())
    if high - low <= MAX_GAP or _chance(rows, told) >= SIGNIFICANCE_LEVEL:
        return ""
    told_of = f"outcomes are known of {low:.0%} of the rows of some scores and of {high:.0%} of others"
    return f"{told_of}; those known don't stand for all"


def _chance(rows: Floats, told: Floats) -> float:
    """Return the p-value of the chi-square test that the share of known outcomes is one for all."""
    from scipy.special import chdtrc

    share = float(told.sum() / rows.sum())
    if not 0 < share < 1:
        return 1.0
    statistic = float((np.square(told - rows * share) / (rows * share * (1 - share))).sum())
    return float(chdtrc(rows.size - 1, statistic))
