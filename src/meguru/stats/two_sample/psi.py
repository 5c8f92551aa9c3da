"""The population stability index of two samples."""

from __future__ import annotations

from typing import ClassVar

from meguru.stats.drift.psi import psi_test
from meguru.stats.two_sample.base import Sample, SampleComparison
from meguru.stats.two_sample.bins import in_deciles


class PopulationStability:
    """The index over the reference's deciles, or over categories; see `stats.drift.psi_test`.

    The effect is the index less its expectation by chance.
    """

    key: ClassVar[str] = "psi"
    numeric: ClassVar[bool] = True
    categorical: ClassVar[bool] = True
    floor: ClassVar[float] = 0.1

    def compare(self, sample: Sample) -> SampleComparison:
        """Compare the counts of categories, or of deciles."""
        found = psi_test(*in_deciles(sample))
        return SampleComparison(statistic=found.statistic, effect=found.effect, p_value=found.p_value)
