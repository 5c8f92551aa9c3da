"""What is known of a flight at its scheduled departure, as eighteen numbers.

Nothing here looks at the real departure or arrival, and weather comes only from hours that had ended:
the record of an hour is taken shortly before the hour ends, so a flight scheduled at 10:15 sees that of
9 o'clock.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

SCHEDULE = ("hour", "minute", "weekday", "carrier", "origin", "dest", "distance")
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")
PLANE = ("age", "seats", "engines")
FEATURES = (*SCHEDULE, *WEATHER, *PLANE)
TIME, LABEL, LANDED = "at", "late", "landed"
LATE_MINUTES = 15
_RECORD_ENDS = timedelta(hours=1)
_STALE = "3h"
_HOURLY = "%Y-%m-%dT%H:%M:%SZ"


def build(flights: pl.DataFrame, weather: pl.DataFrame, planes: pl.DataFrame) -> pl.DataFrame:
    """Return one row a flight: `TIME`, the `FEATURES`, and, if it arrived, the `LABEL` and when it `LANDED`.

    Rows are in order of scheduled departure, then of carrier, number and airport. What is missing is
    missing: no weather within three hours, no such plane. A flight that never arrived (cancelled or
    diverted) has no label: it was neither on time nor late.
    """
    hour = pl.lit(_utc(flights, "time_hour"))
    at = hour + _minutes("minute")
    rows = flights.select(
        hour.alias("hour_starts"),
        at.alias(TIME),
        (at + _minutes("dep_delay") + _minutes("air_time")).alias(LANDED),
        pl.col("hour", "minute", "distance").cast(pl.Float64),
        pl.date("year", "month", "day").dt.weekday().cast(pl.Float64).alias("weekday"),
        *(_code(name) for name in ("carrier", "origin", "dest")),
        pl.col("flight").cast(pl.Int64),
        pl.col("tailnum").cast(pl.String),
        pl.col("origin").cast(pl.String).alias("airport"),
        pl.col("year").cast(pl.Float64).alias("flown"),
        (pl.col("arr_delay").cast(pl.Float64) > LATE_MINUTES).cast(pl.Int8).alias(LABEL),
    ).sort(TIME, "carrier", "flight", "origin", maintain_order=True)
    rows = _with_weather(rows, weather).join(
        _planes(planes), on="tailnum", how="left", maintain_order="left", validate="m:1"
    )
    rows = rows.with_columns((pl.col("flown") - pl.col("built")).alias("age"))
    return rows.select(TIME, *FEATURES, LABEL, LANDED)


def _with_weather(rows: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    """Join the newest record of the airport that was complete when the scheduled hour began."""
    records = weather.select(
        pl.col("origin").cast(pl.String).alias("airport"),
        pl.lit(_utc(weather, "time_hour") + _RECORD_ENDS).alias("known_at"),
        pl.col(WEATHER).cast(pl.Float64),
    ).sort("known_at", maintain_order=True)
    return rows.join_asof(
        records,
        left_on="hour_starts",
        right_on="known_at",
        by="airport",
        strategy="backward",
        tolerance=_STALE,
        check_sortedness=False,  # both were sorted here; Polars can't see it within groups
    )


def _planes(planes: pl.DataFrame) -> pl.DataFrame:
    return planes.select(
        pl.col("tailnum").cast(pl.String),
        pl.col("year").cast(pl.Float64).alias("built"),
        pl.col("seats", "engines").cast(pl.Float64),
    ).unique("tailnum", keep="first", maintain_order=True)


def _code(name: str) -> pl.Expr:
    """Read a code such as ``JFK`` as a number in base 36.

    It keeps the alphabetical order and needs no list of codes, so an airport never seen has a number too.
    """
    return pl.col(name).cast(pl.String).str.to_integer(base=36, strict=False).cast(pl.Float64)


def _minutes(name: str) -> pl.Expr:
    return pl.duration(minutes=pl.col(name).cast(pl.Int64))


def _utc(rows: pl.DataFrame, name: str) -> pl.Series:
    column = rows[name]
    if column.dtype == pl.String:
        column = column.str.to_datetime(_HOURLY, time_unit="us").dt.replace_time_zone("UTC")
    return column.cast(pl.Datetime("us", "UTC"))
