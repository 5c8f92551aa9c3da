"""Small models to register."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def make_model():
    """Return a function that trains a model; another seed gives another model."""
    pytest.importorskip("skops")
    from sklearn.ensemble import HistGradientBoostingClassifier

    from meguru.flavors.model import Model

    def make(seed=0):
        rng = np.random.default_rng(seed)
        frame = pl.DataFrame({"hour": rng.integers(0, 24, 300), "wind": rng.normal(10, 3, 300)})
        late = pl.Series("late", (frame["hour"] > 12).cast(pl.Int8))
        estimator = HistGradientBoostingClassifier(max_iter=4, random_state=0).fit(frame, late)
        holdout = frame[200:].with_columns(late[200:])
        return Model(
            estimator=estimator,
            example=frame[:5],
            baseline=frame,
            holdout=holdout,
            label="late",
            params={"seed": seed},
        )

    return make


@pytest.fixture
def put_tree(workspace, make_model, tmp_path):
    """Return a function that stores a model folder, changed by `change`, and gives its tree digest."""
    from meguru.artifacts import trees
    from meguru.flavors.bundle_writer import save_bundle

    def put(seed=0, change=lambda _: None):
        folder = Path(tmp_path / f"folder-{len(list(tmp_path.iterdir()))}")
        save_bundle(make_model(seed), folder)
        change(folder)
        return trees.put_folder(workspace.blobs, folder)

    return put
