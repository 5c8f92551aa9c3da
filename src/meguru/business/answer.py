"""Results of a metric's query: numbers that are added up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

VALUE, OVER, SLICE = "value", "n", "slice"
"""Columns of an answer: what is added up, over how many predictions, and the name of a part."""
MAX_SLICES = 50
WHOLE = None
NO_NAME = "(null)"


class Amount(NamedTuple):
    """A sum, and over how many predictions it is (NaN: of a part of which the answer does not say it)."""

    value: float
    over: float


Amounts = Mapping["str | None", Amount]
"""By the name of a part; `WHOLE` for all together."""


def amounts(answer: pl.DataFrame, over: float) -> Amounts:
    """Add up what a question was answered with.

    Parameters
    ----------
    answer
        With a column ``value`` (or one column), and perhaps ``n`` and ``slice``.
    over
        Scalar, predictions: over how many the whole is, where the answer does not say ``n``.

    Returns
    -------
    Amounts
        NaN where there is no value: no row, or nulls alone.

    Raises
    ------
    InvalidInput
        If there is no such column, or it holds no finite numbers.
    """
    import polars as pl

    named = _named(answer)
    told = OVER in named.columns
    for name in (VALUE, OVER) if told else (VALUE,):
        _check_numbers(named[name], name)
    number = pl.col(VALUE).cast(pl.Float64)
    # Polars sums no values to 0, and "nothing known" is not "zero".
    sums = [pl.when(number.count() > 0).then(number.sum()).alias(VALUE)]
    if told:
        sums.append(pl.col(OVER).sum().cast(pl.Float64))
    found: dict[str | None, Amount] = {WHOLE: _amount(named.select(*sums).row(0), over)}
    if SLICE in named.columns:
        parts = named.group_by(pl.col(SLICE).cast(pl.String).fill_null(NO_NAME)).agg(*sums).sort(SLICE)
        found |= {name: _amount(row, math.nan) for name, *row in parts.head(MAX_SLICES).iter_rows()}
    return found


def _named(answer: pl.DataFrame) -> pl.DataFrame:
    if VALUE in answer.columns:
        return answer
    if answer.width == 1:
        return answer.rename({answer.columns[0]: VALUE})
    why = f"its columns are {', '.join(answer.columns)[:200] or 'none'}"
    raise InvalidInput("the answer has no column called value", why=why, hint="SELECT … AS value")


def _amount(row: Sequence[float | None], over: float) -> Amount:
    value = math.nan if row[0] is None else float(row[0])
    return Amount(value, over if len(row) < 2 or row[1] is None else float(row[1]))


def _check_numbers(column: pl.Series, name: str) -> None:
    import polars as pl

    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise InvalidInput(f"{name} is no number", why=f"it is {column.dtype}")
    if column.dtype.is_float() and not column.drop_nulls().is_finite().all():
        hint = "a division by nullif(…, 0) has no value instead"
        raise InvalidInput(f"{name} is not finite in some rows of the answer", hint=hint)
