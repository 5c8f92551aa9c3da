"""Columns become what they are said to hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from meguru.datasets.declared_types import check_columns_exist, declared_type
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"


def repair_types(
    frame: pl.DataFrame,
    types: Mapping[str, str],
    *,
    decimal: Literal[".", ","] = ".",
    nulls: tuple[str, ...] = (),
    wrong: Literal["refuse", "null"] = "refuse",
) -> pl.DataFrame:
    """Make columns what is said of them, as ``--type`` does when files are added.

    Parameters
    ----------
    frame
        The rows, shape (n, columns).
    types
        What columns hold: ``text, integer, number, boolean, date, datetime``, or how times are written:
        ``date:%d/%m/%Y``.
    decimal
        What stands before decimals.
    nulls
        The texts that mean a missing value, beside the empty one.
    wrong
        What is no such value is refused, or becomes a missing value.

    Raises
    ------
    InvalidInput
        If there is no such column or type, or a value is none, with the row where it stands.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"price": ["1,5", "-"]})
    >>> repair_types(rows, {"price": "number"}, decimal=",", nulls=("-",))["price"].to_list()
    [1.5, None]
    """
    check_columns_exist(types, frame.columns)
    made = [_repaired(frame[name], said, decimal, nulls, wrong) for name, said in types.items()]
    return frame.with_columns(made)


def _repaired(column: pl.Series, said: str, decimal: str, nulls: tuple[str, ...], wrong: str) -> pl.Series:
    import polars as pl

    from meguru.datasets.inference import cast

    kind, spelling = declared_type(column.name, said)
    text = column if column.dtype == pl.String else column.cast(pl.String)
    missing = ["", *nulls]
    values = text.replace(missing, [None] * len(missing))
    if kind == "Datetime" and values.str.contains(_OFFSET).any():
        kind = "Datetime[UTC]"
    made = cast(values, kind, decimal=decimal, spelling=spelling)
    other = made.is_null() & values.is_not_null()
    if wrong == "refuse" and other.any():
        row = int(other.arg_max() or 0)
        raise InvalidInput(
            f"column {column.name!r} is no {said.partition(':')[0]}",
            why=f"row {row + 1} has {str(values[row])[:80]!r}, as {int(other.sum()):,} rows have",
            hint="say how it is written (date:%d/%m/%Y), what is missing (nulls), or wrong='null'",
            field=column.name,
        )
    return made.alias(column.name)
