"""The profile of a table that need not fit into memory."""

from __future__ import annotations

import polars as pl

from meguru.stats.profile import ColumnProfile, TableProfile, profile_column
from meguru.stats.profile.columns import kind_of, read_profile

MOST = 4_000_000
"""A profile of more rows is that of each k-th row, its counts scaled to all."""
_LISTS = ("counts", "shares")


def profile_rows(rows: pl.LazyFrame, count: int) -> TableProfile:
    """Profile the numbers, booleans and text of a table, a column in memory at a time.

    Parameters
    ----------
    rows, count
        The table, and how many rows it has. From `MOST` on, quantiles, shares and frequent values are those
        of a sample of each k-th row; rows, missing values, least and greatest are those of all.
    """
    known = {name: dtype for name, dtype in rows.collect_schema().items() if kind_of(dtype) is not None}
    step = max(1, -(-count // MOST))
    if step == 1:
        columns = {name: profile_column(_column(rows, name)) for name in known}
        return TableProfile(rows=count, columns=columns)
    columns = {name: _scaled(rows, name, dtype, step, count) for name, dtype in known.items()}
    return TableProfile(rows=count, columns=columns)


def _scaled(rows: pl.LazyFrame, name: str, dtype: pl.DataType, step: int, count: int) -> ColumnProfile:
    row = "\0row"
    sample = _column(rows.select(name).with_row_index(row).filter(pl.col(row) % step == 0), name)
    found = profile_column(sample).to_dict()
    values = pl.col(name)
    if dtype.is_numeric():
        finite = values.filter(values.is_finite()) if dtype.is_float() else values
        missing = values.null_count() + (values.is_nan().sum() if dtype.is_float() else 0)
        asked = [missing.alias("nulls"), finite.min().alias("minimum"), finite.max().alias("maximum")]
    else:
        asked = [values.null_count().alias("nulls")]
    whole = rows.select(asked).collect(engine="streaming").row(0, named=True)
    seen = max(found["count"], 1)
    found["count"] = count - whole["nulls"]
    factor = found["count"] / seen
    for each in _LISTS:
        if each in found:
            found[each] = [round(number * factor) for number in found[each]]
    if "top" in found:
        found["top"] = [[value, round(number * factor)] for value, number in found["top"]]
        found["other"] = max(0, found["count"] - sum(number for _, number in found["top"]))
    for each in ("minimum", "maximum"):
        if each in whole:
            found[each] = None if whole[each] is None else float(whole[each])
    return read_profile(found | {"nulls": whole["nulls"]})


def _column(rows: pl.LazyFrame, name: str) -> pl.Series:
    return rows.select(name).collect(engine="streaming")[name]
