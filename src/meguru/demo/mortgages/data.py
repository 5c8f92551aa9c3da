"""The table of mortgages: real men of a census, as applicants who are learned from and who are held out.

It is Fetter's (2013) table, as causaldata 0.1.5 has it (MIT licence: see ``LICENSE.txt`` beside it), with its
rows in another order and in Parquet. Of each man it tells where and when he was born, whether he is a
veteran, whether he is white, and whether he owns his home.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import polars as pl

from meguru.errors import MissingDependency

FILE = Path(__file__).with_name("mortgages.parquet")
LIBRARIES = ("sklearn", "skops")
KEY, GROUP, LABEL = "applicant", "nonwhite", "home_ownership"
PLACE = "birthplace"
FEATURES = ["quarter", "cohort", "veteran", PLACE]
"""What the first model learns from; the group is among them nowhere, but the birthplace tells much of it."""
HELD_OUT = 4
"""Every so many-th row is held out."""


def check_libraries() -> None:
    """Raise MissingDependency if something that the demo trains with is not installed."""
    for package in LIBRARIES:
        if importlib.util.find_spec(package) is None:
            raise MissingDependency.of("demo", package)


@cache
def table() -> pl.DataFrame:
    """Return all rows, each with the number of an applicant, which the demo gives: the table has no names."""
    rows = pl.read_parquet(FILE).sample(fraction=1.0, shuffle=True, seed=2013)
    codes = {place: number for number, place in enumerate(sorted(rows["bpl"].unique()))}
    return rows.select(
        pl.format("A{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(6)).alias(KEY),
        pl.col("qob").cast(pl.Int64).alias("quarter"),
        pl.col("qob_minus_kw").alias("cohort"),
        pl.col("vet_wwko").cast(pl.Int64).alias("veteran"),
        pl.col("bpl").cast(pl.String).replace_strict(codes, return_dtype=pl.Int64).alias(PLACE),
        pl.col(GROUP).cast(pl.Int64),
        pl.col(LABEL).cast(pl.Int64),
    )


def split(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows to learn from, and those that are held out."""
    held = pl.int_range(pl.len()) % HELD_OUT == 0
    return rows.filter(~held), rows.filter(held)
