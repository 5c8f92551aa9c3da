"""Checks of all columns together find rows of the data that the live model learned from."""

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from meguru.datasets.client import add_files
from meguru.flavors.model import Model
from meguru.monitoring.reference_rows import reference_rows
from meguru.monitoring.window import MonitoredWindow, compared_columns
from meguru.registry.client import add_model
from meguru.stats import profile_frame


def rows(seed, n=300):
    draw = np.random.default_rng(seed)
    return pl.DataFrame({"n0": draw.normal(size=n), "n1": draw.normal(size=n)})


@pytest.fixture
def window_of(workspace, tmp_path):
    def window_of(used):
        known = rows(0)
        late = (known["n0"] > 0).cast(pl.Int64)
        model = LogisticRegression().fit(known.to_numpy(), late.to_numpy())
        holdout = known.with_columns(late=late)
        made = Model(estimator=model, example=known.head(5), holdout=holdout, label="late", baseline=known)
        version = add_model(workspace, "delay", made, used=used)
        columns, _ = compared_columns(rows(1), profile_frame(known))
        return MonitoredWindow(
            model=version.ref, rows=300, outcomes=0, min_rows=100, columns=columns, broken={}, frame=rows(1)
        )

    return window_of


def test_they_are_of_the_dataset_version_that_has_the_columns(workspace, window_of, tmp_path):
    rows(0, 20_000).with_columns(other=1).write_parquet(tmp_path / "train.parquet")
    pl.DataFrame({"unlike": [1, 2]}).write_parquet(tmp_path / "other.parquet")
    used = [add_files(workspace, name, [tmp_path / f"{name}.parquet"]).ref for name in ("other", "train")]
    window = window_of(used)
    with workspace.read() as tx:
        found = reference_rows(tx, workspace.blobs, window)
    assert found.columns == ["n0", "n1"]
    assert 4000 < found.height <= 8000


def test_there_are_none_where_nobody_knows_what_it_learned_from(workspace, window_of):
    with workspace.read() as tx:
        assert reference_rows(tx, workspace.blobs, window_of([])) is None
