"""Few enough bins of a column to be looked at, from those of its baseline."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from meguru.monitoring.evidence.types import DistributionBin
from meguru.monitoring.window import ComparedColumn
from meguru.stats import NumericProfile
from meguru.stats.arrays import Floats

MAX_BINS = 20
"""Ranges of a number, beside the two outside of them."""
MAX_CATEGORIES = 12
MIN_ROWS = 5
"""A category with fewer rows on both sides has no name: it may be of one person."""
MAX_NAME_LENGTH = 60
MAX_BIN_SHARE = 0.6
"""Where so large a share of the baseline lies in one range, its deciles are shown instead."""
OTHERS = "others"

Counts = npt.NDArray[np.int64]


def shown_bins(column: ComparedColumn) -> list[DistributionBin]:
    """Return the shares of a column's values over bins for people, then and now; empty without values.

    Numbers are shown over up to 20 ranges of equal width and what lies outside of them, or over the deciles
    of the baseline where most of it lies in one range; categories by the most frequent ones of either side.
    """
    if not column.then.count and not column.now.count:
        return []
    profile = column.profile
    if isinstance(profile, NumericProfile):
        return _ranges(column, profile)
    return _categories(column, [name for name, _ in profile.top])


def _ranges(column: ComparedColumn, profile: NumericProfile) -> list[DistributionBin]:
    then, now = np.asarray(column.then.bins), np.asarray(column.now.bins)
    inner = then.size - 2
    cuts = np.unique(np.linspace(0, inner, min(MAX_BINS, inner) + 1).astype(np.int64))
    sides = [_grouped(each, cuts) for each in (then, now)]
    shares = [_shares(side) for side in sides]
    if shares[0].max() > MAX_BIN_SHARE and len(profile.edges) > 1:
        return _deciles(column, profile)
    low, wide = profile.low, (profile.high - profile.low) / max(inner, 1)
    edges = [low + wide * int(cut) for cut in cuts]
    labels = [f"< {_plain(low)}", *_between(edges), f"> {_plain(profile.high)}"]
    return _made(labels, *shares)


def _grouped(counts: Counts, cuts: Counts) -> Counts:
    inner = np.add.reduceat(counts[1:-1], cuts[:-1])
    return np.concatenate((counts[:1], inner, counts[-1:]))


def _deciles(column: ComparedColumn, profile: NumericProfile) -> list[DistributionBin]:
    edges = list(profile.edges)
    labels = [f"≤ {_plain(edges[0])}", *_between(edges), f"> {_plain(edges[-1])}"]
    return _made(labels, _shares(column.then.deciles), _shares(column.now.deciles))


def _between(edges: list[float]) -> list[str]:
    return [f"{_plain(left)} – {_plain(right)}" for left, right in pairwise(edges)]


def _categories(column: ComparedColumn, names: list[str]) -> list[DistributionBin]:
    then, now = np.asarray(column.then.bins), np.asarray(column.now.bins)
    sides = [_shares(each) for each in (then, now)]
    largest = np.maximum(*sides)[: len(names)]
    # k-anonymity of sorts: the name of a rare category may be that of one person.
    known = np.maximum(then, now)[: len(names)] >= MIN_ROWS
    kept = [int(place) for place in np.argsort(-largest, kind="stable") if known[place]][:MAX_CATEGORIES]
    bins = [DistributionBin(names[i][:MAX_NAME_LENGTH], *_rounded(sides[0][i], sides[1][i])) for i in kept]
    rest = [1 - float(side[kept].sum()) if side.any() else 0.0 for side in sides]
    if max(rest) > 1e-9:
        bins.append(DistributionBin(OTHERS, *_rounded(*rest)))
    return bins


def _made(labels: list[str], then: Floats, now: Floats) -> list[DistributionBin]:
    return [DistributionBin(label, *_rounded(p, q)) for label, p, q in zip(labels, then, now, strict=True)]


def _shares(counts: npt.ArrayLike) -> Floats:
    known = np.asarray(counts, dtype=np.float64)
    return known / max(float(known.sum()), 1.0)


def _rounded(then: float, now: float) -> tuple[float, float]:
    return round(max(0.0, float(then)), 5), round(max(0.0, float(now)), 5)


def _plain(value: float) -> str:
    return f"{value:.4g}"
