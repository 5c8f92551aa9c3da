"""Pickles that are handed over."""

from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest

from meguru.quarantine.hand_over import Handed, hand_over


@pytest.fixture(scope="session")
def trained():
    pytest.importorskip("skops")
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    frame = pl.DataFrame({"hour": draw.normal(size=80), "wind": draw.normal(size=80)})
    late = pl.Series("late", (frame["hour"] + frame["wind"] > 0).cast(pl.Int64))
    return LogisticRegression().fit(frame.to_numpy(), late.to_numpy()), frame.with_columns(late)


@pytest.fixture
def give(workspace, trained, tmp_path):
    """Return a function that hands an object over as a pickle, and gives what is in quarantine then."""
    rows = tmp_path / "rows.csv"
    trained[1].write_csv(rows)

    def hand(it=None, **said):
        path = tmp_path / "model.pkl"
        path.write_bytes(pickle.dumps(trained[0] if it is None else it))
        given = {"holdout": rows, "label": "late", "task": "binary"} | said
        return hand_over(workspace, "delay", path, Handed(**given))

    return hand
