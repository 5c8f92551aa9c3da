"""The profile of a table that need not fit into memory."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from meguru.stats.profile import ColumnProfile, TableProfile, TimeProfile, profile_column
from meguru.stats.profile.columns import is_time, kind_of, read_profile

MAX_ROWS = 4_000_000
"""A profile of more rows is that of each k-th row, its counts scaled to all."""
_LISTS = ("counts", "shares")


def profile_rows(rows: pl.LazyFrame, count: int) -> TableProfile:
    """Profile the numbers, booleans, text and times of a table, a column in memory at a time.

    Parameters
    ----------
    rows, count
        The table, and how many rows it has. From `MAX_ROWS` on, quantiles, shares and frequent values are
        those of a sample of each k-th row; rows, missing values, least and greatest are those of all.
    """
    schema = rows.collect_schema()
    known = {name: dtype for name, dtype in schema.items() if kind_of(dtype) is not None}
    moments = [name for name, dtype in schema.items() if is_time(dtype)]
    step = max(1, -(-count // MAX_ROWS))
    if step == 1:
        columns = {name: profile_column(_column(rows, name)) for name in known}
        times = {name: TimeProfile.of(_column(rows, name)) for name in moments}
        return TableProfile(rows=count, columns=columns, times=times)
    columns = {name: _scaled(rows, name, dtype, step, count) for name, dtype in known.items()}
    times = {name: _scaled_times(rows, name, step, count) for name in moments}
    return TableProfile(rows=count, columns=columns, times=times)


def _sample(rows: pl.LazyFrame, name: str, step: int) -> pl.Series:
    row = "\0row"
    # Systematic sampling: deterministic, unlike a random one, and in one pass.
    kept = rows.select(name).with_row_index(row).filter(pl.col(row) % step == 0)
    if rows.collect_schema()[name] == pl.String:
        # Texts that are kept hold on to the bytes of all that were read with them: they are written anew.
        kept = kept.select(pl.col(name) + "")
    return _column(kept, name)


def _scaled_times(rows: pl.LazyFrame, name: str, step: int, count: int) -> TimeProfile:
    values = pl.col(name)
    asked = [values.null_count().alias("nulls"), values.min().alias("low"), values.max().alias("high")]
    whole = rows.select(asked).collect(engine="streaming").row(0, named=True)
    ends = pl.Series([whole["low"], whole["high"]], dtype=rows.collect_schema()[name])
    profile = TimeProfile.of(pl.concat([_sample(rows, name, step), ends]))
    factor = (count - whole["nulls"]) / max(profile.count, 1)
    return replace(
        profile,
        count=count - whole["nulls"],
        nulls=whole["nulls"],
        counts=tuple(round(number * factor) for number in profile.counts),
    )


def _scaled(rows: pl.LazyFrame, name: str, dtype: pl.DataType, step: int, count: int) -> ColumnProfile:
    sample = _sample(rows, name, step)
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
