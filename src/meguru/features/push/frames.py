"""Convert pushed columns to rows of a view, each value to its type."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput
from meguru.features import dtypes
from meguru.features.offline.keys import require_columns
from meguru.features.offline.times import as_moments
from meguru.features.online.json_values import plain
from meguru.features.types import ViewDefinition

MAX_ROWS = 100_000
FEAST_TIME, FEAST_CREATED = "event_timestamp", "created"
"""What Feast's clients call these columns, whatever the view does."""


def frame_of(
    columns: Mapping[str, Sequence[Any]],
    view: ViewDefinition,
    types: Mapping[str, str],
    *,
    what: str,
    now: datetime,
) -> pl.DataFrame:
    """Return sent columns as rows of the source of a view.

    Parameters
    ----------
    columns
        A list of values for each column, all of one length.
    view
        Whose rows they are.
    types
        The types of columns that are known.
    what
        What the view is called in messages.
    now
        When rows became known that don't say it.

    Raises
    ------
    InvalidInput
        If a column is missing, or a value is not of its type; naming the column.
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or not (count := lengths.pop()):
        raise InvalidInput("the columns have no rows, or different numbers of them", field="df")
    if count > MAX_ROWS:
        raise InvalidInput(f"{count:,} rows are too many", field="df", why=f"up to {MAX_ROWS:,}")
    given = {_ours(name, columns, view): values for name, values in columns.items()}
    frame = pl.DataFrame([_column(name, values, types.get(name, "")) for name, values in given.items()])
    if view.created and view.created not in frame.columns:
        frame = frame.with_columns(pl.lit(now).cast(pl.Datetime("us", "UTC")).alias(view.created))
    moments = list(dict.fromkeys(name for name in (view.time, view.created) if name))
    require_columns(frame, [*view.keys, *moments], what=f"what was pushed to {what}", field="df")
    frame = frame.with_columns(
        as_moments(frame[name], what="what was pushed", field=name) for name in moments
    )
    for name in (*view.keys, *moments[:1]):
        if frame[name].null_count():
            raise InvalidInput(f"{name!r} is missing in a row", field=f"df.{name}", why="it says whose it is")
    return frame


def plain_columns(frame: pl.DataFrame) -> dict[str, list[Any]]:
    """Return a frame as columns of values that JSON holds."""
    return {
        name: [
            plain(each)
            for each in (
                frame[name].dt.to_string("iso:strict") if frame[name].dtype.is_temporal() else frame[name]
            )
        ]
        for name in frame.columns
    }


def as_parquet(frame: pl.DataFrame) -> bytes:
    """Write rows as the bytes of a Parquet file."""
    frame.write_parquet(made := io.BytesIO(), compression="zstd")
    return made.getvalue()


def _ours(name: str, columns: Mapping[str, Any], view: ViewDefinition) -> str:
    if name == FEAST_TIME and view.time and view.time not in columns:
        return view.time
    if name == FEAST_CREATED and view.created and view.created not in columns:
        return view.created
    return name


def _column(name: str, values: Sequence[Any], kind: str) -> pl.Series:
    try:
        if not kind:
            return pl.Series(name, values)
        wanted = dtypes.polars_type(kind)
        if kind.startswith("Float"):
            values = [float(value) if isinstance(value, str) else value for value in values]
        if kind.startswith(("Date", "Datetime")):
            return _times(pl.Series(name, values), wanted)
        return pl.Series(name, values, dtype=wanted, strict=True)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        why = reason(error)
        raise InvalidInput(f"{name!r} is no {kind or 'column'}", field=f"df.{name}", why=why) from error


def _times(column: pl.Series, wanted: Any) -> pl.Series:
    if column.dtype.is_integer():  # Feast's clients send Unix time in whole seconds
        column = (column * 1_000_000).cast(pl.Datetime("us"))
    moments = as_moments(column, what="what was pushed", field=column.name)
    if isinstance(wanted, pl.Datetime) and wanted.time_zone and not moments.dtype.time_zone:  # type: ignore[attr-defined]
        moments = moments.dt.replace_time_zone("UTC")
    if isinstance(wanted, pl.Datetime) and not wanted.time_zone:
        moments = moments.dt.replace_time_zone(None)
    return moments.cast(wanted)
