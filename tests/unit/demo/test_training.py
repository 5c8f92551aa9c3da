from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from meguru.demo.flights import train
from meguru.demo.flights.features import FEATURES
from meguru.demo.flights.labels import LABEL, TIME
from meguru.errors import InvalidInput


def table(days: int) -> pl.DataFrame:
    start = datetime(2013, 1, 1, 12, tzinfo=UTC)
    n = days * 4
    columns = {name: [float((i * k) % 7) for i in range(n)] for k, name in enumerate(FEATURES, 1)}
    return pl.DataFrame(
        {TIME: [start + timedelta(hours=6 * i) for i in range(n)]}
        | columns
        | {LABEL: [None if i % 10 == 0 else i % 2 for i in range(n)]}
    )


def test_the_held_out_days_are_the_last_ones_and_overlap_nothing() -> None:
    rows, held = train.split(table(20), 7)
    assert held[TIME].min() > rows[TIME].max()
    assert held[TIME].max() - held[TIME].min() < timedelta(days=7)
    assert rows.height + held.height == table(20)[LABEL].count()


def test_only_flights_that_arrived_are_learned_from() -> None:
    assert all(part[LABEL].null_count() == 0 for part in train.split(table(20), 7))


def test_the_newest_months_are_counted_back_over_the_turn_of_the_year() -> None:
    flights = pl.DataFrame({"year": [2012, 2012, 2013], "month": [11, 12, 1]})
    assert train.newest(flights, 2)["month"].to_list() == [12, 1]


@pytest.mark.parametrize("field", ["months", "holdout_days"])
def test_none_at_all_is_refused_by_name(field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        train.newest(table(1), 0) if field == "months" else train.split(table(1), 0)
    assert refused.value.field == field


def test_equal_rows_give_an_equal_model() -> None:
    rows, held = train.split(table(60), 7)
    scores = [train.fit(rows).predict_proba(held.select(FEATURES).to_numpy()).tolist() for _ in range(2)]
    assert scores[0] == scores[1]
