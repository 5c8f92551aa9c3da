"""Profiles of polars columns and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.profile.categorical import TOP, CategoricalProfile
from meguru.stats.profile.counts import ColumnCounts
from meguru.stats.profile.numeric import NumericProfile
from meguru.stats.profile.text_counts import can_be_told_apart, counts_of
from meguru.stats.profile.times import TimeProfile

if TYPE_CHECKING:
    import polars as pl

_MIN_HASHED = 10_000  # rows: below this a full table of value counts costs no more than hashing

ColumnProfile = NumericProfile | CategoricalProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """The baseline of a table: one profile a column.

    Parameters
    ----------
    rows
        Rows of the table.
    columns
        Numbers, booleans and text; lists and structs have no profile.
    times
        Dates and times; they are compared with no baseline, since they always go on.
    """

    rows: int
    columns: Mapping[str, ColumnProfile]
    times: Mapping[str, TimeProfile] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; equal tables give equal values."""
        known = {"rows": self.rows, "columns": {name: each.to_dict() for name, each in self.columns.items()}}
        if not self.times:
            return known
        return known | {"times": {name: each.to_dict() for name, each in self.times.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TableProfile:
        """Read what `to_dict` wrote.

        Raises
        ------
        InvalidInput
            When a key is missing or a column is of an unknown kind.
        """
        try:
            rows, columns, times = int(data["rows"]), dict(data["columns"]), dict(data.get("times", {}))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("this is no profile of a table", why=f"{error!r}", field="columns") from error
        return cls(
            rows=rows,
            columns={name: read_profile(each) for name, each in columns.items()},
            times={name: TimeProfile.from_dict(each) for name, each in times.items()},
        )


def read_profile(data: Mapping[str, Any]) -> ColumnProfile:
    """Read a column's profile of either kind from plain JSON values."""
    match data.get("kind"):
        case "numeric":
            return NumericProfile.from_dict(data)
        case "categorical":
            return CategoricalProfile.from_dict(data)
        case kind:
            raise InvalidInput(
                f"there is no profile kind {kind!r}", field="kind", hint="numeric or categorical"
            )


def profile_frame(frame: pl.DataFrame) -> TableProfile:
    """Profile a table's numbers, booleans, text and times; columns of other types are left out."""
    schema = frame.schema
    known = [name for name, dtype in schema.items() if kind_of(dtype) is not None]
    times = [name for name, dtype in schema.items() if is_time(dtype)]
    return TableProfile(
        rows=frame.height,
        columns={name: profile_column(frame[name]) for name in known},
        times={name: TimeProfile.of(frame[name]) for name in times},
    )


def profile_column(column: pl.Series, top: int = TOP) -> ColumnProfile:
    """Profile one column.

    Raises
    ------
    InvalidInput
        When the column is neither numbers nor booleans nor text.
    """
    match kind_of(column.dtype):
        case "numeric":
            values, nulls = numbers(column)
            return NumericProfile.of(values, nulls)
        case "categorical":
            return _categories(column, top)
        case _:
            raise InvalidInput(
                f"column {column.name!r} can't be profiled",
                field=column.name,
                why=f"its type is {column.dtype}",
            )


def tally_column(profile: ColumnProfile, column: pl.Series) -> ColumnCounts:
    """Count a column over the bins of its baseline.

    Raises
    ------
    InvalidInput
        When the baseline is of numbers and the column is not, or the other way round.
    """
    kind = kind_of(column.dtype)
    expected = "numeric" if isinstance(profile, NumericProfile) else "categorical"
    if column.null_count() < column.len() and kind != expected:
        raise InvalidInput(
            f"column {column.name!r} changed its type",
            field=column.name,
            why=f"{expected} became {column.dtype}",
        )
    if isinstance(profile, NumericProfile):
        return profile.tally(*numbers(column))
    return profile.tally(_counted_among(column, [name for name, _ in profile.top]), column.null_count())


def kind_of(dtype: pl.DataType) -> str | None:
    """Return `numeric`, `categorical`, or None for a type that has no profile."""
    import polars as pl

    if dtype.is_numeric():
        return "numeric"
    is_category = isinstance(dtype, pl.Boolean | pl.String | pl.Categorical | pl.Enum | pl.Null)
    return "categorical" if is_category else None


def is_time(dtype: pl.DataType) -> bool:
    """Return whether a type is of dates, moments or times of day."""
    import polars as pl

    return isinstance(dtype, pl.Date | pl.Datetime | pl.Time)


def _categories(column: pl.Series, top: int) -> CategoricalProfile:
    """Profile categories; those that are not shown stay with Polars, however many they are."""
    import polars as pl

    counted = column.drop_nulls().alias("value").value_counts(name="count")
    distinct, total = counted.height, column.len() - column.null_count()
    if distinct > top:
        # A full sort by count and name would cast and order every distinct text of the column; only those
        # that tie with the last place are compared by name.
        least = counted["count"].top_k(top).min()
        often = counted.filter(pl.col("count") > least)
        rest = counted.filter(pl.col("count") == least).cast({"value": pl.String})
        counted = pl.concat([often.cast({"value": pl.String}), rest.bottom_k(top - often.height, by="value")])
    pairs = counted.cast({"value": pl.String}).iter_rows()
    ordered = tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
    return CategoricalProfile(
        count=total,
        nulls=column.null_count(),
        distinct=distinct,
        top=ordered,
        other=total - sum(count for _, count in ordered),
    )


def numbers(column: pl.Series) -> tuple[Floats, int]:
    """Return the values without nulls, shape (n,), and how many nulls there were."""
    import polars as pl

    known = column.drop_nulls()
    values: Floats = known.cast(pl.Float64).to_numpy() if known.len() else np.empty(0)
    return values, column.len() - known.len()


def _counted_among(column: pl.Series, names: list[str]) -> list[tuple[str, int]]:
    """Return how often each of some categories is there, and all others together under a name of none."""
    import polars as pl

    present = column.drop_nulls() if column.null_count() else column
    others = "\0" * (1 + max(map(len, names), default=0))  # longer than any of the names: none of them
    if column.dtype == pl.String and present.len() > _MIN_HASHED and can_be_told_apart(names):
        return list(zip([*names, others], counts_of(present, names).tolist(), strict=True))
    counted = present.alias("value").value_counts(name="count").cast({"value": pl.String})
    known = counted.filter(pl.col("value").is_in(names))
    return [*known.iter_rows(), (others, int(counted["count"].sum()) - int(known["count"].sum()))]
