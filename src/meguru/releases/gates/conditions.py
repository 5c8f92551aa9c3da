"""Parts of the rows that are named by an expression, such as ``dep_delay > 60``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.base.expressions import read
from meguru.base.library_errors import reason
from meguru.datasets.row_expressions import compile_rows
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


def check_condition(text: str, field: str) -> None:
    """Refuse what is no expression; which columns there are shows when rows are there."""
    if not text:
        return
    try:
        read(text)
    except InvalidInput as error:
        why = error.why or f"in {text[:200]!r}"
        raise InvalidInput(error.what, why=why, hint=error.hint, field=field) from None


def condition(text: str, frame: pl.DataFrame, rows: str, field: str) -> pl.Series:
    """Return for which rows of a frame an expression is true; where it has no value, it is not.

    Raises
    ------
    InvalidInput
        When it is no expression, reads a column that is not there, or is neither true nor false.
    """
    import polars as pl

    try:
        found = frame.select(compile_rows(text, frame.schema).alias(text)).to_series()
    except InvalidInput as error:
        raise InvalidInput(f"{rows}: {error.what}", why=error.why, hint=error.hint, field=field) from None
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        why = reason(error)
        raise InvalidInput(f"{text!r} can't be asked of {rows}", why=why, field=field) from None
    if found.dtype != pl.Boolean:
        raise InvalidInput(f"{text!r} is neither true nor false", field=field, hint="dep_delay > 60")
    if len(found) != frame.height:  # it reads no column
        found = found.new_from_index(0, frame.height)
    return found.fill_null(value=False)
