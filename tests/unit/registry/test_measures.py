"""What was measured of a version is shown with its intervals and slices."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from meguru.errors import NotFound
from meguru.registry.client import add_model
from meguru.registry.measures import measures
from meguru.registry.show import show
from meguru.testing.models import make_flights, make_model


def test_each_metric_has_its_interval_and_each_slice_its_metrics(workspace):
    held = make_flights(300, seed=1).with_columns(origin=pl.Series(np.arange(300) % 3))
    made = add_model(workspace, "delay", replace(make_model(holdout=held), slices=["origin"], block="origin"))
    found = measures(workspace, ref="delay")
    assert (found.ref, found.rows, found.label, found.block) == (made.ref, 300, "late", "origin")
    values = {each.metric: each.value for each in found.measures}
    assert values.items() <= show(workspace, ref="delay").metrics.items()
    assert all(each.low < each.value < each.high for each in found.measures)
    assert [(each.column, each.value, each.rows) for each in found.slices] == [
        ("origin", 0, 100), ("origin", 1, 100), ("origin", 2, 100)
    ]  # fmt: skip


def test_a_model_without_a_holdout_has_no_measures(workspace):
    add_model(workspace, "bare", replace(make_model(), holdout=None, label=""))
    found = measures(workspace, ref="bare@1")
    assert (found.measures, found.slices, found.rows) == ([], [], 0)
    with pytest.raises(NotFound):
        measures(workspace, ref="nothing")
