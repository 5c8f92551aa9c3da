"""What an expectation promises, and what those about single rows share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import msgspec

from meguru.datasets.checking import known_column
from meguru.datasets.expectations.types import Severity
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

    from meguru.datasets.sql.types import QueryAnswer

MAX_NAME_LENGTH = 200
"""Characters of a column's name, and of what is said of an expectation."""


@dataclass(frozen=True, kw_only=True)
class CheckedRows:
    """The rows of one version, and what is known beside them.

    `rows_before` is how many the version before has; None: there is none. `values` reads columns of another
    dataset, each combination of values once. `ask` answers a query over rows under a name, with so many of
    the rows that it finds, and how many there are; without it that is done here and now.
    """

    scan: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    now: datetime
    event_time: str = ""
    rows_before: int | None = None
    values: Callable[[str, list[str]], pl.DataFrame] | None = None
    ask: Callable[[str, str, pl.LazyFrame, int], QueryAnswer] | None = None

    def dtype(self, column: str) -> pl.DataType:
        """Return the type of a column; InvalidInput, with near misses, if it is not there."""
        known_column(column, self.schema, field="column")
        return self.schema[column]


class Verdict(NamedTuple):
    """How many rows fail, what was found in words, and whether that is more than may be."""

    failing: int
    observed: str
    passed: bool


class Expectation(Protocol):
    """One thing to hold of rows: a frozen struct whose fields are its options.

    `measures` gives parts of the one select that is made for all; `verdict` gets their values, and the
    number of rows as ``rows``. InvalidInput from either says that the rows can't hold it, such as without
    the column that it is about.
    """

    key: ClassVar[str]

    @property
    def severity(self) -> Severity:
        """Whether rows that fail stop a version, or are told."""
        ...

    @property
    def tolerance(self) -> float:
        """The share of rows that may fail."""
        ...

    def check(self) -> None:
        """Raise InvalidInput, naming the option, if an option makes no sense."""
        ...

    def names(self) -> list[str]:
        """Return the columns that it is about."""
        ...

    def says(self) -> str:
        """Return what is expected, in words."""
        ...

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Return aggregates over the rows, by names of its own."""
        ...

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Judge what was measured."""
        ...

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """Return the rows that fail; None when it is not about single rows."""
        ...


class ExpectationOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every expectation may be told: how bad it is, how many rows may fail, and what it is called."""

    severity: Severity = "stop"
    tolerance: float = 0.0
    about: str = ""

    def check_judged(self) -> None:
        """Refuse a share that is none."""
        if not (math.isfinite(self.tolerance) and 0 <= self.tolerance <= 1):
            raise InvalidInput(
                "a share of rows is from 0 to 1", field="tolerance", why=f"it is {self.tolerance}"
            )
        if len(self.about) > MAX_NAME_LENGTH:
            raise InvalidInput(f"up to {MAX_NAME_LENGTH} characters", field="about")

    def tolerates(self, failing: int, rows: int) -> bool:
        """Return whether no more rows fail than may."""
        return failing <= self.tolerance * rows


class RowExpectation(ExpectationOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An expectation of each row's value in one column; ``columns`` in a declaration means one for each."""

    column: str

    def check_column(self) -> None:
        """Refuse a column without a name."""
        self.check_judged()
        if not 0 < len(self.column) <= MAX_NAME_LENGTH:
            raise InvalidInput("name the column", field="column")

    def names(self) -> list[str]:
        """Return the column."""
        return [self.column]

    def wrong(self, rows: CheckedRows) -> pl.Expr:
        """Return an expression that is true where a row fails."""
        raise NotImplementedError

    def measures(self, rows: CheckedRows) -> Mapping[str, pl.Expr]:
        """Count the rows that fail."""
        return {"failing": self.wrong(rows).sum()}

    def verdict(self, seen: Mapping[str, Any], rows: CheckedRows) -> Verdict:
        """Compare how many rows fail with how many may."""
        del rows
        count = int(seen["failing"] or 0)
        return Verdict(count, f"{count:,} rows do not hold it", self.tolerates(count, seen["rows"]))

    def failing(self, rows: CheckedRows) -> pl.LazyFrame | None:
        """Return the rows that fail."""
        return rows.scan.filter(self.wrong(rows))


def no_value(expectation: RowExpectation, dtype: pl.DataType, wanted: str) -> InvalidInput:
    """Return what is said of a column whose type can't hold what is expected."""
    what = f"{expectation.column} holds {dtype}, not {wanted}"
    return InvalidInput(what, field="column")
