"""Join keys, normalised so that those of a view and those of the rows that ask compare equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


def normalised(column: pl.Series) -> pl.Series:
    """Return keys in their normalised type: text, whole numbers, and what else it is; NaN is no key."""
    import polars as pl

    dtype = column.dtype
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if dtype.is_integer() and dtype not in {pl.UInt64, pl.Int128}:
        return column.cast(pl.Int64)
    if dtype.is_float():
        return column.cast(pl.Float64).fill_nan(None)
    return column


def as_stored(column: pl.Series, kept: pl.DataType, *, what: str) -> pl.Series:
    """Return keys of rows that ask, as a view has them; null (which joins nothing) for what it can't have.

    Whole numbers that came as fractions (as pandas makes of a column with a gap) are whole numbers.

    Raises
    ------
    InvalidInput
        If they are another sort of value: text for numbers.
    """
    import polars as pl

    given = normalised(column)
    if given.dtype == kept:
        return given
    if given.dtype == pl.Null:
        return given.cast(kept)
    if given.dtype.is_float() and kept.is_integer():
        whole = given.set(given != given.floor(), None)  # 1.5 names no entity, and must not be cut to 1
        return whole.cast(kept, strict=False)
    if given.dtype.is_numeric() and kept.is_numeric():
        return given.cast(kept, strict=False)
    same = isinstance(given.dtype, pl.Datetime | pl.Date) and isinstance(kept, pl.Datetime | pl.Date)
    if same and isinstance(kept, pl.Datetime) and isinstance(given.dtype, pl.Datetime):
        return given.cast(kept)
    raise InvalidInput(
        f"the key {column.name!r} is {column.dtype} in the rows, and {kept} in {what}",
        hint="cast the one to the other: a silent difference would join nothing",
        field=column.name,
    )


def require_columns(frame: pl.DataFrame, columns: Sequence[str], *, what: str, field: str = "") -> None:
    """Refuse rows that lack columns; the message offers names that look like it."""
    from meguru.errors import near_misses

    for name in columns:
        if name not in frame.columns:
            close = near_misses(name, frame.columns)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(frame.columns[:20])}"
            raise InvalidInput(f"{what} has no column {name!r}", field=field or name, hint=hint)
