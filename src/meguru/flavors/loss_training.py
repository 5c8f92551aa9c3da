"""Learn from a holdout how large a model's errors are where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.stats.estimates.direct_loss import LossModel, LossTrees
from meguru.stats.estimates.tables import table_of

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.arrays import Floats

MIN_ROWS, MAX_ROWS = 1_000, 20_000
"""Rows of a holdout from which errors can be learned, and of which they are."""
_MAX_CATEGORIES = 255
_TREES: dict[str, Any] = {
    "max_iter": 40,
    "max_leaf_nodes": 16,
    "learning_rate": 0.15,
    "early_stopping": False,
    "random_state": 0,
}


def learn_losses(frame: pl.DataFrame, features: Sequence[str], score: str, error: Floats) -> LossModel | None:
    """Return what a model loses by its inputs and answer; None from too few rows, or without scikit-learn.

    Parameters
    ----------
    frame
        Rows that the model had not seen, with its answer.
    features, score
        The columns of its inputs, and that of its answer.
    error
        Shape (rows,): the answer minus what happened.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError:
        return None
    if frame.height < MIN_ROWS or not np.isfinite(error).all():
        return None
    some = np.linspace(0, frame.height - 1, min(frame.height, MAX_ROWS)).astype(np.int64)
    rows, error = frame[some], error[some]
    names = [name for name in (*features, score) if _is_plain(rows.get_column(name))]
    text = [name for name in names if not rows.schema[name].is_numeric()]
    categories = {name: _ordered(rows.get_column(name), error) for name in text}
    names = [name for name in names if len(categories.get(name, ())) <= _MAX_CATEGORIES]
    table = table_of(rows, names, categories)
    # Both losses are learned apart: the square of an expected error is not the expected square.
    found = []
    for loss in (np.abs(error), np.square(error)):
        fitted = HistGradientBoostingRegressor(**_TREES).fit(table, loss)
        found.append(_trees(fitted, loss))
    return LossModel(
        columns=tuple(names),
        categories={name: each for name, each in categories.items() if name in names},
        absolute=found[0],
        squared=found[1],
        rows=len(error),
    )


def _is_plain(column: pl.Series) -> bool:
    from meguru.stats.profile.columns import kind_of

    return kind_of(column.dtype) is not None


def _ordered(column: pl.Series, error: Floats) -> tuple[str, ...]:
    """Return the values of a column, those with the least absolute error first."""
    import polars as pl

    frame = pl.DataFrame({"value": column.cast(pl.String), "loss": np.abs(error)}).drop_nulls()
    means = frame.group_by("value").agg(pl.col("loss").mean()).sort("loss", "value")
    return tuple(means.get_column("value").to_list())


def _trees(fitted: Any, loss: Floats) -> LossTrees:
    """Take the trees out of a fitted ensemble, one array a field."""
    parts = [predictor[0].nodes for predictor in fitted._predictors]  # noqa: SLF001 - no public door
    sizes = np.array([len(part) for part in parts])
    roots = np.cumsum(sizes) - sizes
    nodes, shift = np.concatenate(parts), np.repeat(roots, sizes)
    leaf = nodes["is_leaf"].astype(bool)
    own = np.arange(len(nodes))
    return LossTrees(
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
        threshold=np.where(leaf, 0.0, np.nan_to_num(nodes["num_threshold"], posinf=1e308)),
        missing_left=nodes["missing_go_to_left"].astype(np.int64),
        left=np.where(leaf, own, nodes["left"] + shift).astype(np.int64),
        right=np.where(leaf, own, nodes["right"] + shift).astype(np.int64),
        value=np.where(leaf, nodes["value"], 0.0),
        roots=roots.astype(np.int64),
        base=float(np.ravel(fitted._baseline_prediction)[0]),  # noqa: SLF001
        # That around what is expected would be too small: trees know the rows that they learned from.
        spread=float(loss.std(ddof=1)),
    )
