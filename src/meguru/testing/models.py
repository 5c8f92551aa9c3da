"""Small real models for tests: whether a flight is late, from the hour and the wind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl

from meguru.flavors import Signature
from meguru.flavors.model import Model
from meguru.serving.contracts.types import Contract
from meguru.tasks import task_of

COLUMNS = ("hour", "wind")


def make_flights(n: int = 400, *, seed: int = 0, columns: Sequence[str] = COLUMNS) -> pl.DataFrame:
    """Make flights that are late (column ``late``, 0 or 1) when the hour is late and the wind is strong."""
    draw = np.random.default_rng(seed)
    frame = pl.DataFrame({name: draw.normal(size=n) for name in columns})
    signal = frame["hour"] * 1.5 + frame["wind"] * 1.5
    return frame.with_columns(late=(signal + draw.normal(size=n) > 0).cast(pl.Int64))


def make_model(
    *,
    knows: Sequence[str] = COLUMNS,
    columns: Sequence[str] = COLUMNS,
    seed: int = 0,
    holdout: pl.DataFrame | None = None,
    metrics: Mapping[str, float] | None = None,
    rename: Mapping[str, str] | None = None,
) -> Model:
    """Train a classifier on the columns it `knows`; the others are noise to it, and some are renamed."""
    from sklearn.linear_model import LogisticRegression

    train, held = (make_flights(seed=seed + k, columns=columns) for k in range(2))
    draw = np.random.default_rng(seed + 1000)
    noise = {name: draw.normal(size=train.height) for name in columns if name not in knows}
    features = train.with_columns(pl.Series(name, values) for name, values in noise.items()).select(columns)
    named, seen = dict(rename or {}), train.select(columns)
    held = held if holdout is None else holdout
    return Model(
        estimator=LogisticRegression().fit(features.to_numpy(), train["late"].to_numpy()),
        example=seen.rename(named, strict=False).head(5),
        holdout=held.rename(named, strict=False),
        label="late",
        baseline=seen.rename(named, strict=False),
        metrics=dict(metrics or {}),
    )


def make_contract(signature: Signature, *, task: str = "binary") -> Contract:
    """Make contract 1 of the endpoint `delay`: clients send just what a model takes."""
    return Contract(
        endpoint="delay",
        version=1,
        task=task,
        inputs=signature.inputs,
        outputs=task_of(task).outputs(),
        default=True,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        created_by="local",
    )


def make_regression(*, metrics: Mapping[str, float] | None = None) -> Model:
    """Train a regression of the same flights, with a holdout: its errors are measured, and it has no AUC."""
    from sklearn.linear_model import LinearRegression

    flights = make_flights()
    return Model(
        estimator=LinearRegression().fit(flights.select(COLUMNS).to_numpy(), flights["late"].to_numpy()),
        example=flights.select(COLUMNS).head(5),
        holdout=flights,
        label="late",
        task="regression",
        metrics=dict(metrics or {}),
    )
