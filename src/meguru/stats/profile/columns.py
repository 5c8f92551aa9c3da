"""Profiles of polars columns and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.profile.categorical import TOP, CategoricalProfile
from meguru.stats.profile.counts import ColumnCounts
from meguru.stats.profile.numeric import NumericProfile

if TYPE_CHECKING:
    import polars as pl

ColumnProfile = NumericProfile | CategoricalProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """The baseline of a table: one profile a column.

    Parameters
    ----------
    rows
        Rows of the table.
    columns
        Numbers, booleans and text; dates, lists and structs have no profile.
    """

    rows: int
    columns: Mapping[str, ColumnProfile]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; equal tables give equal values."""
        return {"rows": self.rows, "columns": {name: each.to_dict() for name, each in self.columns.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TableProfile:
        """Read what `to_dict` wrote.

        Raises
        ------
        InvalidInput
            When a key is missing or a column is of an unknown kind.
        """
        try:
            rows, columns = int(data["rows"]), dict(data["columns"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("this is no profile of a table", why=f"{error!r}", field="columns") from error
        return cls(rows=rows, columns={name: read_profile(each) for name, each in columns.items()})


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
    """Profile a table's numbers, booleans and text; columns of other types are left out."""
    known = [name for name, dtype in frame.schema.items() if kind_of(dtype) is not None]
    return TableProfile(rows=frame.height, columns={name: profile_column(frame[name]) for name in known})


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
            counted, nulls = categories(column)
            return CategoricalProfile.of(counted, nulls, top)
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
    return profile.tally(*categories(column))


def kind_of(dtype: pl.DataType) -> str | None:
    """Return `numeric`, `categorical`, or None for a type that has no profile."""
    import polars as pl

    if dtype.is_numeric():
        return "numeric"
    is_category = isinstance(dtype, pl.Boolean | pl.String | pl.Categorical | pl.Enum | pl.Null)
    return "categorical" if is_category else None


def numbers(column: pl.Series) -> tuple[Floats, int]:
    """Return the values without nulls, shape (n,), and how many nulls there were."""
    import polars as pl

    known = column.drop_nulls()
    values: Floats = known.cast(pl.Float64).to_numpy() if known.len() else np.empty(0)
    return values, column.len() - known.len()


def categories(column: pl.Series) -> tuple[list[tuple[str, int]], int]:
    """Return each category with its count, in no order, and how many nulls there were."""
    import polars as pl

    known = column.drop_nulls()
    if not known.len():
        return [], column.len()
    counted = known.alias("value").value_counts(name="count").select(pl.col("value").cast(pl.String), "count")
    return list(counted.iter_rows()), column.len() - known.len()
