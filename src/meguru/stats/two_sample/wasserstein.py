"""The Wasserstein distance of order one."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from meguru.stats.two_sample.base import Sample, SampleComparison


class Wasserstein:
    r"""How far values have to be moved, on average, to make one sample the other; in the unit of the column.

    The effect is in standard deviations of the reference, less what chance makes of the distance:
    :math:`\sqrt{2/\pi}\sqrt{1/n + 1/m}\int\sqrt{F(1-F)}`, with *F* of both samples together. It has no
    p-value.

    References
    ----------
    Vallender, S. S. (1974). Calculation of the Wasserstein distance between probability distributions on the
    line. Theory Probab. Appl. 18. del Barrio, E., Giné, E., Matrán, C. (1999). Central limit theorems for the
    Wasserstein distance between the empirical and the true distributions. Ann. Probab. 27.
    """

    key: ClassVar[str] = "wasserstein"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = False
    floor: ClassVar[float] = 0.1

    def compare(self, sample: Sample) -> SampleComparison:
        """Compare two sorted samples of numbers."""
        before, after = sample.reference, sample.current
        n, m = before.size, after.size
        values = np.sort(np.concatenate((before, after)), kind="stable")  # two runs: merged in one pass
        steps = np.diff(values)
        below_before = np.searchsorted(before, values[:-1], side="right")
        below_after = np.searchsorted(after, values[:-1], side="right")
        distance = float(np.sum(np.abs(below_before / n - below_after / m) * steps))
        pooled = (below_before + below_after) / (n + m)
        chance = math.sqrt(2 / math.pi * (1 / n + 1 / m)) * float(
            np.sum(np.sqrt(pooled * (1 - pooled)) * steps)
        )
        spread = float(before.std())
        moved = 0.0 if not distance else (distance - chance) / spread if spread else math.inf
        return SampleComparison(statistic=distance, effect=max(0.0, moved), p_value=None)
