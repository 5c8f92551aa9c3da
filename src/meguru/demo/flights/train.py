"""From flights to a model, in plain functions; `pipeline` makes steps of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from meguru.demo.flights.features import FEATURES
from meguru.demo.flights.labels import LABEL, TIME
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

SETTINGS: dict[str, Any] = {
    "learning_rate": 0.1,
    "max_iter": 100,
    "min_samples_leaf": 100,
    "early_stopping": False,  # it would hold out random rows, and so see the future
    "random_state": 0,
}


def newest(flights: pl.DataFrame, months: int) -> pl.DataFrame:
    """Return the flights of the newest calendar months."""
    if months < 1:
        raise InvalidInput("at least one month is needed to train on", field="months", why=f"it is {months}")
    when = pl.col("year").cast(pl.Int64) * 12 + pl.col("month").cast(pl.Int64)
    return flights.filter(when > when.max() - months)


def split(table: pl.DataFrame, holdout_days: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the flights that have arrived, as those to train on and those of the last days.

    Days begin at midnight in UTC minus five hours, which is New York's winter time.
    """
    if holdout_days < 1:
        raise InvalidInput(
            "at least one day must be held out", field="holdout_days", why=f"it is {holdout_days}"
        )
    known = table.filter(pl.col(LABEL).is_not_null())
    day = (pl.col(TIME) - timedelta(hours=5)).dt.date()
    held = day > day.max() - timedelta(days=holdout_days)
    return known.filter(~held), known.filter(held)


def fit(rows: pl.DataFrame) -> HistGradientBoostingClassifier:
    """Train; equal rows give an equal model."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    if not rows.height:
        raise InvalidInput(
            "there are no flights to train on", hint="hold out fewer days, or take more months"
        )
    model = HistGradientBoostingClassifier(**SETTINGS)
    model.fit(rows.select(FEATURES).to_numpy(), rows[LABEL].to_numpy())
    return model
