"""The pipeline that the demo registers: from the newest months of flights to a model."""

from __future__ import annotations

import polars as pl

from meguru import Dataset, Features, Model, pipeline, step
from meguru.demo.flights import train as training
from meguru.demo.flights.features import FEATURES
from meguru.demo.flights.labels import LABEL, LANDED, TIME, labelled


@step
def features(flights: Dataset, known: Features, months: int) -> pl.DataFrame:
    """Read the flights of the newest months; add what was known of each when it was scheduled to leave."""
    rows = labelled(training.newest(flights.frame(), months))
    return known.join(rows, time=TIME).select(TIME, *FEATURES, LABEL, LANDED)


@step
def split(table: pl.DataFrame, holdout_days: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hold the last days out."""
    return training.split(table, holdout_days)


@step
def train(rows: pl.DataFrame, holdout: pl.DataFrame) -> Model:
    """Train on the earlier days; the held-out ones go with the model, for the gates to judge on."""
    known = rows.select(FEATURES)
    return Model(
        estimator=training.fit(rows),
        example=known.head(5),
        holdout=holdout.select(*FEATURES, LABEL),
        label=LABEL,
        baseline=known,
        params=training.SETTINGS,
    )


@pipeline(produces="delay")
def train_delay(flights: Dataset, known: Features, months: int = 2, holdout_days: int = 7) -> Model:
    """Train a model of late arrivals on the newest months."""
    table = features(flights, known, months)
    rows, holdout = split(table, holdout_days)
    return train(rows, holdout)
