"""The flights themselves: what was asked of each, when, and how it came in."""

from __future__ import annotations

import polars as pl

TIME, LABEL, LANDED = "at", "late", "landed"
LATE_MINUTES = 15
ASKED = ("scheduled", "carrier", "flight", "origin", "dest", "tailnum", "distance")
"""What anybody knows of a flight before it leaves: this is what a request says."""


def labelled(flights: pl.DataFrame) -> pl.DataFrame:
    """Return one row a flight: `TIME`, what is `ASKED`, and, if it arrived, the `LABEL` and when it `LANDED`.

    Rows are in order of scheduled departure, then of carrier, number and airport. A flight that never arrived
    (cancelled or diverted) has no label: it was neither on time nor late.
    """
    at = pl.col("time_hour") + _minutes("minute")
    return flights.select(
        at.alias(TIME),
        at.alias("scheduled"),
        *(pl.col(name).cast(pl.String) for name in ("carrier", "origin", "dest", "tailnum")),
        pl.col("flight").cast(pl.Int64),
        pl.col("distance").cast(pl.Float64),
        (pl.col("arr_delay").cast(pl.Float64) > LATE_MINUTES).cast(pl.Int8).alias(LABEL),
        (at + _minutes("dep_delay") + _minutes("air_time")).alias(LANDED),
    ).sort(TIME, "carrier", "flight", "origin", maintain_order=True)


def _minutes(name: str) -> pl.Expr:
    return pl.duration(minutes=pl.col(name).cast(pl.Int64))
