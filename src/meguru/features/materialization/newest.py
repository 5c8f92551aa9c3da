"""The newest row of each entity at a moment: what is to be online."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
import polars as pl

from meguru.errors import InvalidInput
from meguru.features import dtypes
from meguru.features.offline.row_files import COUNT, START, CachedRows
from meguru.features.offline.search import last_seen
from meguru.features.offline.times import PER_SECOND

EVENT, CREATED = "__event__", "__created__"
"""Columns: when values hold from, and since when they can be seen; microseconds since 1970 (UTC)."""


class NewestRows(NamedTuple):
    """One row for each entity, by key: keys, `EVENT`, `CREATED`, features; and when the next comes due.

    `due` is in microseconds; None when nothing more is known.
    """

    frame: pl.DataFrame
    keys: list[str]
    due: int | None


def newest_rows(rows: CachedRows, now: int, since: int | None = None) -> NewestRows:
    """Return for each entity the row that holds at a moment.

    Parameters
    ----------
    rows
        The rows of the view, over the versions of its sources.
    now
        The moment, in microseconds: a row that can be seen only later is not there yet.
    since
        Entities whose row is older are left out.
    """
    keys = rows.about.keys
    starts = rows.keys[START].cast(pl.Int64).to_numpy()
    if rows.unit is None:
        frame = _taken(rows, starts, pl.lit(0, dtype=pl.Int64), pl.lit(0, dtype=pl.Int64))
        return NewestRows(usual_types(frame), keys, None)
    per_micro = PER_SECOND[rows.unit] // 1_000_000
    # The last tick within the microsecond `now`: a view that is kept in nanoseconds has a thousand of them.
    asked = np.full(len(starts), (now + 1) * per_micro - 1, dtype=np.int64)
    places = last_seen(rows.visible_from, starts, rows.keys[COUNT].cast(pl.Int64).to_numpy(), asked)
    held, seen = (
        np.take(each, places, mode="clip") // per_micro if len(each) else places
        for each in (rows.event_times, rows.visible_from)
    )
    frame = _taken(rows, places, pl.Series(held), pl.Series(seen)).filter(pl.Series(places >= 0))
    if since is not None:
        frame = frame.filter(pl.col(EVENT) >= since)
    later = rows.visible_from[rows.visible_from > (now + 1) * per_micro - 1]
    return NewestRows(usual_types(frame), keys, int(later.min()) // per_micro if len(later) else None)


def _taken(
    rows: CachedRows, places: np.ndarray, event: pl.Series | pl.Expr, created: pl.Series | pl.Expr
) -> pl.DataFrame:
    """Return the rows at some places, one for each key."""
    features = [rows.column(name).take(places).alias(name) for name in rows.about.features]
    return rows.keys.select(rows.about.keys).with_columns(
        event.alias(EVENT), created.alias(CREATED), *features
    )


def as_parquet(frame: pl.DataFrame) -> bytes:
    """Write rows as the bytes of a Parquet file."""
    frame.write_parquet(made := io.BytesIO(), compression="zstd")
    return made.getvalue()


def read_parquet(content: bytes) -> pl.DataFrame:
    """Read what `as_parquet` wrote."""
    return pl.read_parquet(io.BytesIO(content))


def with_others(frame: pl.DataFrame, before: pl.DataFrame | None, keys: list[str]) -> pl.DataFrame:
    """Return rows with those of other entities as they were, where these have the same types."""
    if before is None or before.schema != frame.schema:
        return frame
    others = before.join(frame, on=keys, how="anti", nulls_equal=True)
    return pl.concat([frame, others]).sort(keys)


def usual_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the types that features have online: times in microseconds, in UTC if anywhere.

    Raises
    ------
    InvalidInput
        If values are of a type that can't be kept online; naming the feature.
    """
    return frame.with_columns(_usual(frame[name]) for name in frame.columns if name not in {EVENT, CREATED})


def _usual(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if isinstance(kind, pl.Categorical | pl.Enum) or kind == pl.Null:
        return column.cast(pl.String)
    try:
        usual = dtypes.polars_type(dtypes.check(dtypes.spelled(kind), field=column.name))
    except InvalidInput:
        why, hint = f"it is of the type {kind}", "make numbers, texts, times or lists of it"
        what = f"{column.name!r} can't be kept online"
        raise InvalidInput(what, why=why, hint=hint, field=column.name) from None
    return column.cast(usual)
