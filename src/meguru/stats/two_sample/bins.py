"""Numbers of two samples as counts over common bins."""

from __future__ import annotations

import numpy as np

from meguru.stats.arrays import Floats
from meguru.stats.two_sample.base import Sample

_TAIL = 0.0005


def counted(sample: Sample, bins: int) -> tuple[Floats, Floats]:
    """Count numbers in equal bins between outer quantiles of the reference, and in two tails."""
    if not sample.is_numeric:
        return sample.reference, sample.current
    low, high = np.quantile(sample.reference, (_TAIL, 1 - _TAIL))
    return _counts(sample, np.unique(np.linspace(low, high, bins + 1)))


def in_deciles(sample: Sample) -> tuple[Floats, Floats]:
    """Count numbers between the deciles of the reference; categories stay."""
    if not sample.is_numeric:
        return sample.reference, sample.current
    return _counts(sample, np.unique(np.quantile(sample.reference, np.linspace(0.1, 0.9, 9))))


def _counts(sample: Sample, edges: Floats) -> tuple[Floats, Floats]:
    """Both samples are sorted, so that a bin ends where its edge would be put."""
    sides = []
    for values in (sample.reference, sample.current):
        ends = np.concatenate(([0], np.searchsorted(values, edges, side="right"), [values.size]))
        sides.append(np.diff(ends).astype(np.float64))
    return sides[0], sides[1]
