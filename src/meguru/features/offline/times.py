"""Timestamps as integers that compare exactly, whatever unit and time zone they were written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

Unit = Literal["us", "ns"]
PER_SECOND: dict[Unit, int] = {"us": 1_000_000, "ns": 1_000_000_000}
FAR = 1 << 62
"""Beyond every moment, and far enough from the ends of 64 bits to be added to."""


class AskedMoments(NamedTuple):
    """Moments that values are asked for, shape (n,), in a view's unit.

    `floor` and `ceil` differ where a moment lies between two that the unit can tell: what is known by `floor`
    is known, and an age is counted to `ceil`. `given` is False where there is none.
    """

    floor: np.ndarray
    ceil: np.ndarray
    given: np.ndarray


def unit_of(dtype: pl.DataType) -> Unit:
    """Return the unit in which a column of a view is kept: nanoseconds stay so."""
    return "ns" if getattr(dtype, "time_unit", "us") == "ns" else "us"


def as_moments(column: pl.Series, *, what: str, field: str) -> pl.Series:
    """Return a column of moments in UTC, with a unit; what has no time zone is taken to be in UTC.

    Dates are their first moment. Text is read as ISO 8601.

    Raises
    ------
    InvalidInput
        If the column holds no moments.
    """
    import polars as pl

    if column.dtype == pl.String:
        column = _from_text(column, what, field)
    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("us"))
    if column.dtype == pl.Null:
        column = column.cast(pl.Datetime("us"))
    if not isinstance(column.dtype, pl.Datetime):
        hint = "a column of dates or moments"
        raise InvalidInput(f"{column.name!r} of {what} is {column.dtype}", field=field, hint=hint)
    if column.dtype.time_unit == "ms":
        column = column.cast(pl.Datetime("us", column.dtype.time_zone))
    zoned = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone
    return column.dt.convert_time_zone("UTC") if zoned else column


def numbers(column: pl.Series, unit: Unit) -> pl.Series:
    """Return moments as whole numbers of a unit since 1970; the unit may not be coarser than the column's."""
    import polars as pl

    whole = column.to_physical()
    if unit == "ns" and unit_of(column.dtype) == "us":
        whole = (whole.clip(-FAR // 1000, FAR // 1000) * 1000).cast(pl.Int64)
    return whole.alias(column.name)


def asked_moments(column: pl.Series, unit: Unit) -> AskedMoments:
    """Return moments in the unit of a view; null where there is none."""
    import numpy as np

    # Whole numbers, never floats: a double has 53 bits, and nanoseconds since 1970 need 61.
    given = column.is_not_null().to_numpy()
    whole = column.to_physical().fill_null(0).to_numpy()
    own = unit_of(column.dtype)
    if own == unit:
        floor = ceil = whole
    elif own == "ns":
        # Rounded down for what is known, and up for how old it is: in doubt a value is not known, or is too
        # old.
        floor = np.floor_divide(whole, 1000)
        ceil = -np.floor_divide(-whole, 1000)
    else:
        floor = ceil = np.clip(whole, -FAR // 1000, FAR // 1000) * 1000
    return AskedMoments(np.clip(floor, -FAR, FAR), np.clip(ceil, -FAR, FAR), given)


def _from_text(column: pl.Series, what: str, field: str) -> pl.Series:
    import polars as pl

    try:
        return column.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
    except pl.exceptions.PolarsError:
        pass
    try:
        return column.str.to_datetime(time_unit="us", strict=True)
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        hint = "give moments, such as a column of datetimes"
        raise InvalidInput(
            f"{column.name!r} of {what} holds text that is no time", field=field, why=why, hint=hint
        ) from error
