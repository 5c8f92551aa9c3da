"""What a test of drift promises."""

from __future__ import annotations

from typing import ClassVar, Protocol

from meguru.stats.drift.result import DriftResult
from meguru.stats.drift.sample import TwoSides


class DriftTest(Protocol):
    """One test of whether a column is of one distribution on two sides. It is pure.

    It takes values or counts alike, so that a number means the same of two files as of a window and a stored
    baseline. Every member passes `meguru.testing.contracts.drift.DriftTestContract`.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    """What people call the statistic."""
    numeric: ClassVar[bool]
    """Whether it compares numbers."""
    categorical: ClassVar[bool]
    """Whether it compares counts of categories."""
    floor: ClassVar[float]
    """The smallest effect that is worth telling, by default."""

    def compare(self, sides: TwoSides, *, level: float = 0.01, floor: float | None = None) -> DriftResult:
        """Compare two sides, each with at least one value.

        Parameters
        ----------
        sides
            What to compare.
        level
            Scalar, probability of a false alarm when nothing changed.
        floor
            Scalar, in the unit of the effect; by default the test's own.
        """
        ...
