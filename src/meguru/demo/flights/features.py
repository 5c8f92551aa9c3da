"""What is known of a flight at its scheduled departure, as feature views; the others stand in `meguru.toml`.

The same code gives the model its columns in training and for each request. Nothing here looks at the real
departure or arrival.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from meguru import on_demand

SCHEDULE = ("hour", "minute", "weekday", "carrier_code", "origin_code", "dest_code", "distance")
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")
PLANE = ("age", "seats", "engines")
FEATURES = (*SCHEDULE, *WEATHER, *PLANE)
"""The eighteen numbers, in the order in which the model takes them."""
_RECORD_ENDS = timedelta(hours=1)
_LOCAL = "America/New_York"


def weather(records: pl.DataFrame) -> pl.DataFrame:
    """Return the weather of each airport: the record of an hour is known when the hour has ended."""
    return records.select(
        pl.col("origin").cast(pl.String),
        (pl.col("time_hour") + _RECORD_ENDS).alias("known_at"),
        pl.col(WEATHER).cast(pl.Float64),
    )


def plane(register: pl.DataFrame) -> pl.DataFrame:
    """Return what the register says of each plane."""
    return register.select(
        pl.col("tailnum").cast(pl.String),
        pl.col("year").cast(pl.Float64).alias("built"),
        pl.col("seats", "engines").cast(pl.Float64),
    ).unique("tailnum", keep="first", maintain_order=True)


@on_demand(
    request={
        "scheduled": "Datetime[UTC]",
        "carrier": "String",
        "flight": "Int64",
        "origin": "String",
        "dest": "String",
    },
    inputs=["plane:built"],
    features=dict.fromkeys(
        ("hour", "minute", "weekday", "carrier_code", "origin_code", "dest_code", "age"), "Float64"
    ),
    owner="demo",
    description="What a flight's own fields say, as numbers",
)
def schedule(flights: pl.DataFrame) -> pl.DataFrame:
    """Return what a flight's own fields say, as numbers, and how old its plane is in that year."""
    local = pl.col("scheduled").dt.convert_time_zone(_LOCAL)
    return flights.select(
        hour=local.dt.hour(),
        minute=local.dt.minute(),
        weekday=local.dt.weekday(),
        carrier_code=_code("carrier"),
        origin_code=_code("origin"),
        dest_code=_code("dest"),
        age=local.dt.year().cast(pl.Float64) - pl.col("built"),
    )


def _code(name: str) -> pl.Expr:
    """Read a code such as ``JFK`` as a number in base 36.

    It keeps the alphabetical order and needs no list of codes, so an airport never seen has a number too.
    """
    return pl.col(name).str.to_integer(base=36, strict=False)
