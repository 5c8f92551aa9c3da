"""What every metric promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, Protocol, TypeAlias

from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Floats
from meguru.stats.intervals import Interval

Direction = Literal["higher", "lower"]
Method = Literal["auto", "analytic", "bootstrap"]
Resampler: TypeAlias = Callable[[Floats], float]


class Metric(Protocol):
    """One way to say how good answers are: a frozen struct whose fields are its options.

    Pure: the same rows and seed give the same numbers, on every machine. What can't be told (no row, one
    class only) is NaN.

    Attributes
    ----------
    key
        Its name, as users type it.
    parameter
        The option that is written into the name: ``k`` makes ``ndcg@10``. Empty when there is none.
    title, unit
        For people. The unit is ``share`` for what lies between 0 and 1.
    better, direction
        Whether more is better or less; of one with options it may hang on them.
    low, high
        What it can't go beyond.
    tasks
        The keys of the tasks whose answers it can measure.
    max_bootstrap_rows
        Up to so many rows a bootstrap of 1000 draws is worth its time where two models are compared.
    """

    key: ClassVar[str]
    parameter: ClassVar[str]
    title: ClassVar[str]
    better: ClassVar[Direction]
    low: ClassVar[float]
    high: ClassVar[float]
    tasks: ClassVar[frozenset[str]]
    max_bootstrap_rows: ClassVar[int]

    @property
    def name(self) -> str:
        """Its key, with the parameter if one is set."""
        ...

    @property
    def unit(self) -> str:
        """What its values are counted in."""
        ...

    @property
    def direction(self) -> Direction:
        """Whether more is better or less."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows that it reads, beside truth and answers."""
        ...

    def check(self) -> None:
        """Raise InvalidInput, naming the option, if an option makes no sense."""
        ...

    def missing(self, rows: ScoredRows) -> str:
        """Return why such rows can't be measured, whatever their values; empty when they can."""
        ...

    def value(self, rows: ScoredRows) -> float:
        """Return the metric of the rows, with their weights.

        Raises
        ------
        InvalidInput
            When the values can't be measured, such as a negative probability.
        """
        ...

    def interval(
        self, rows: ScoredRows, *, level: float = 0.95, seed: int = 0, method: Method = "auto"
    ) -> Interval:
        """Return the value with an interval that holds the truth with probability `level`.

        Rows of one `block` are counted as depending on each other. The bounds lie within `low` and `high`.
        ``auto`` takes the analytic interval where one exists and holds, else the bootstrap.
        """
        ...

    def difference(
        self,
        rows: ScoredRows,
        other: ScoredRows,
        *,
        level: float = 0.95,
        seed: int = 0,
        method: Method = "auto",
    ) -> Interval:
        """Return the value of `rows` minus that of `other`, with the paired interval.

        Both are answers to the same rows, in the same order.

        Raises
        ------
        InvalidInput
            When the rows differ.
        """
        ...
