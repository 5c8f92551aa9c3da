"""Two models of who will own a home: one that knows where people were born, and one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.demo.mortgages.data import KEY, LABEL

if TYPE_CHECKING:
    import polars as pl

    from meguru.flavors.model import Model

SETTINGS: dict[str, Any] = {
    "max_iter": 60,
    "min_samples_leaf": 100,
    "early_stopping": False,
    "random_state": 0,
}


def trained(rows: pl.DataFrame, held: pl.DataFrame, features: list[str]) -> Model:
    """Learn from rows; equal rows give an equal model.

    The rows that are held out go with it, with the applicant's number and without the group: a gate joins
    that when it is asked.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

    from meguru.flavors.model import Model

    estimator = HistGradientBoostingClassifier(**SETTINGS)
    with threadpool_limits(1):  # threads that spin while they wait starve each other on a busy machine
        estimator.fit(rows.select(features).to_numpy(), rows[LABEL].to_numpy())
    known = rows.select(features)
    return Model(
        estimator=estimator,
        example=known.head(5),
        holdout=held.select(KEY, *features, LABEL),
        label=LABEL,
        baseline=known.head(10_000),
        params=SETTINGS | {"features": ", ".join(features)},
    )
