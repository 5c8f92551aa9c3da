"""Cells count whatever rows hold as a window of the rows themselves does: odd types, dates, infinities."""

import numpy as np
import pytest

from meguru.monitoring.cells.layout import BinLayout
from meguru.monitoring.cells.tally import tally_rows
from meguru.monitoring.cells.types import Cell
from meguru.monitoring.cells.window import compared_counts, counted_times
from meguru.stats import profile_frame
from meguru.testing.contracts.check_cases import random_case


@pytest.mark.parametrize(
    "seeds",
    [
        [*range(30), 67],  # the last has an infinity in a column that was constant
        pytest.param(range(1000), marks=pytest.mark.soak),
    ],
    ids=["some", "all"],
)
def test_any_rows_are_counted_as_they_are_compared(seeds):
    for seed in seeds:
        case = random_case(seed)
        rows, layout = case.rows, BinLayout(profile_frame(case.trained))
        for hours in (1, 7):
            of = np.arange(rows.height) * hours // max(rows.height, 1)
            counts = tally_rows(layout, rows, of, hours).sum(axis=0)
            cell = Cell(rows=rows.height, counts=counts if rows.height else np.zeros(0, dtype=np.int64))
            columns, broken = compared_counts(layout, cell)
            times, broken_times = counted_times(layout, cell)
            assert set(broken) | set(broken_times) == set(case.window.broken), (seed, hours, case.fates)
            assert times == case.window.times
            for ours, theirs in zip(columns, case.window.columns, strict=True):
                for name in ("nulls", "beyond", "far", "infinite"):
                    assert getattr(ours.now, name) == getattr(theirs.now, name), (seed, ours.name, name)
                assert np.array_equal(ours.now.bins, theirs.now.bins)
                assert np.array_equal(ours.now.deciles, theirs.now.deciles)
