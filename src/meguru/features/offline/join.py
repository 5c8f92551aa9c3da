"""The point-in-time join: what was known of each entity at each moment, one row out for one row in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from meguru.errors import InvalidInput
from meguru.features.offline import keys as naming
from meguru.features.offline.row_files import COUNT, START, CachedRows
from meguru.features.offline.search import last_seen
from meguru.features.offline.times import PER_SECOND, AskedMoments, asked_moments
from meguru.features.types import ViewDefinition

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE = "PRESENT", "NOT_FOUND", "OUTSIDE_MAX_AGE"
STATUSES = (PRESENT, NOT_FOUND, OUTSIDE_MAX_AGE)
"""Why a value is there or not; the words are Feast's. NOT_FOUND: nothing was known at that moment."""


class Match(NamedTuple):
    """For each row that asked, shape (n,): the kept row that holds (-1: none), why, and how old it is.

    `ages` are in microseconds, null where nothing holds or the values hold always.
    """

    rows: np.ndarray
    statuses: np.ndarray
    ages: pl.Series


def matched(
    rows: CachedRows, frame: pl.DataFrame, moments: pl.Series | None, ttl: float | None, on: Mapping[str, str]
) -> Match:
    """Find for each row of a frame the kept row that held for its entity at its moment.

    Parameters
    ----------
    rows
        The rows of a view.
    frame
        Who asks; it has the columns of the keys, by `on` under other names.
    moments
        When each asks, in UTC; None asks for what holds always.
    ttl
        In seconds: a value whose own time is longer ago than this is not there. One that is just as old is.
    on
        By key of the view, the column of the frame that has it.

    Notes
    -----
    No row that is after the moment, by its own time or by when it became known, is ever looked at: both are
    in the one order that is searched.
    """
    import numpy as np
    import polars as pl

    start, count = segments(rows, frame, on)
    if rows.unit is None:
        places = np.where(count > 0, start, -1)
        return Match(places, np.where(places < 0, 1, 0).astype(np.uint8), _no_ages(frame.height))
    if moments is None:
        moments = pl.Series("", [None] * frame.height, dtype=pl.Datetime("us"))
    when = asked_moments(moments, rows.unit)
    places = last_seen(rows.visible_from, start, np.where(when.given, count, 0), when.floor)
    return _aged(rows, places, when, ttl)


def feature_values(rows: CachedRows, found: Match, name: str, definition: ViewDefinition) -> pl.Series:
    """Return a feature of the rows that were found; where none is, the view's default, if it has one.

    A value that is missing in a row that holds stays so: that is what was known.

    Raises
    ------
    InvalidInput
        If the default is no value of the feature's type.
    """
    import polars as pl

    column = rows.column(name).take(found.rows).alias(name)
    default = definition.defaults.get(name)
    if default is None or definition.missing != "default" or not (found.statuses != 0).any():
        return column
    try:
        stand_in = pl.Series([default]).cast(column.dtype, strict=True)
    except (pl.exceptions.PolarsError, TypeError) as error:
        why = f"{name} is {column.dtype}"
        raise InvalidInput(f"{default!r} is no default", field=f"defaults.{name}", why=why) from error
    return column.zip_with(pl.Series(found.statuses == 0), stand_in.new_from_index(0, len(column)))


def segments(rows: CachedRows, frame: pl.DataFrame, on: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return where the rows of each asking row's key begin, and how many there are."""
    import numpy as np
    import polars as pl

    if not rows.about.rows:
        return np.zeros(frame.height, dtype=np.int64), np.zeros(frame.height, dtype=np.int64)
    names = rows.about.keys
    columns = [on.get(name, name) for name in names]
    naming.require_columns(frame, columns, what="the frame")
    given = [
        naming.as_stored(frame[column], rows.keys[name].dtype, what="the view").alias(name)
        for name, column in zip(names, columns, strict=True)
    ]
    # One hash join of keys, which are few, to where their rows lie; the rows themselves are searched in
    # place.
    found = pl.DataFrame(given).join(rows.keys, on=names, how="left", maintain_order="left")
    start = found[START].cast(pl.Int64).fill_null(0).to_numpy()
    return start, np.asarray(found[COUNT].cast(pl.Int64).fill_null(0).to_numpy())


def _aged(rows: CachedRows, places: np.ndarray, when: AskedMoments, ttl: float | None) -> Match:
    import numpy as np
    import polars as pl

    there = places >= 0
    if not rows.about.rows:
        return Match(places, np.ones(len(places), dtype=np.uint8), _no_ages(len(places)))
    ages = when.ceil - np.take(rows.event_times, places, mode="clip")
    per_second = PER_SECOND[rows.unit or "us"]
    old = there & (ages > round(ttl * per_second)) if ttl is not None else np.zeros(len(there), dtype=bool)
    statuses = np.where(there, np.where(old, 2, 0), 1).astype(np.uint8)
    micros = np.where(there, ages // (per_second // 1_000_000), 0)
    told = pl.Series("age", micros).set(pl.Series(~there), None)
    return Match(np.where(old, -1, places), statuses, told)


def _no_ages(height: int) -> pl.Series:
    import polars as pl

    return pl.Series("age", [None] * height, dtype=pl.Int64)
