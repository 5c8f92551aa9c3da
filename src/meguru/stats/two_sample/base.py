"""What a test of two samples is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from meguru.stats.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The values of one column on both sides, without missing ones.

    Of numbers, `reference` and `current` are the values, shapes (n,) and (m,), ascending. Of categories both
    are counts, shape (categories,), of the same categories in the same order.
    """

    reference: Floats
    current: Floats
    is_numeric: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleComparison:
    """How different two samples are.

    `effect` is the statistic on a scale that people can judge, with what chance alone would make of so many
    rows taken off; each test says which. `p_value` says how often chance alone makes the statistic as large;
    None for a test that has none.
    """

    statistic: float
    effect: float
    p_value: float | None


class TwoSampleTest(Protocol):
    """One test. It is pure: equal samples give equal answers."""

    key: ClassVar[str]
    numeric: ClassVar[bool]
    """Whether it compares numbers."""
    categorical: ClassVar[bool]
    """Whether it compares counts of categories."""
    floor: ClassVar[float]
    """The smallest effect that is worth telling, by default."""

    def compare(self, sample: Sample) -> SampleComparison:
        """Compare the two sides; each has at least one row."""
        ...
