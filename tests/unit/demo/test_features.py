from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.demo.flights.features import FEATURES, LABEL, LANDED, TIME, WEATHER, build

MORNING = datetime(2013, 3, 1, 15, tzinfo=UTC)


def flights(**columns: list[Any]) -> pl.DataFrame:
    n = len(next(iter(columns.values()), [0]))
    plain: dict[str, list[Any]] = {
        "year": [2013] * n,
        "month": [3] * n,
        "day": [1] * n,
        "hour": [10] * n,
        "minute": [15] * n,
        "time_hour": [MORNING] * n,
        "carrier": ["UA"] * n,
        "flight": list(range(n)),
        "tailnum": ["N1"] * n,
        "origin": ["JFK"] * n,
        "dest": ["SFO"] * n,
        "distance": [2586] * n,
        "dep_delay": [5] * n,
        "air_time": [300] * n,
        "arr_delay": [16] * n,
    }
    return pl.DataFrame(plain | columns)


def weather(times: list[datetime], temps: list[float], origin: str = "JFK") -> pl.DataFrame:
    zeros = {name: [0.0] * len(times) for name in WEATHER}
    return pl.DataFrame(
        {"origin": [origin] * len(times), "time_hour": times} | zeros | {"temp": temps},
        schema_overrides={"time_hour": pl.Datetime("us", "UTC")},
    )


def planes() -> pl.DataFrame:
    return pl.DataFrame({"tailnum": ["N1"], "year": [2000], "seats": [180], "engines": [2]})


def test_the_record_of_an_hour_that_has_not_ended_never_joins() -> None:
    hours = [MORNING + timedelta(hours=offset) for offset in (-1, 0, 1)]
    made = build(flights(), weather(hours, [9.0, 10.0, 11.0]), planes())
    assert made["temp"].to_list() == [9.0]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-8, 8), unique=True, max_size=10), st.integers(0, 59))
def test_weather_is_the_newest_of_the_last_three_hours_and_never_of_the_future(
    offsets: list[int], minute: int
) -> None:
    hours = [MORNING + timedelta(hours=offset) for offset in offsets]
    made = build(flights(minute=[minute]), weather(hours, [float(each) for each in offsets]), planes())
    usable = [each for each in offsets if -4 <= each <= -1]
    assert made["temp"].to_list() == [float(max(usable)) if usable else None]


def test_weather_of_another_airport_does_not_join() -> None:
    made = build(flights(), weather([MORNING - timedelta(hours=1)], [9.0], origin="LGA"), planes())
    assert made["temp"].to_list() == [None]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 59), st.sampled_from(["N1", "N2", None])), min_size=1, max_size=20))
def test_each_flight_gives_exactly_one_row_in_order_of_its_schedule(
    given: list[tuple[int, str | None]],
) -> None:
    minutes, tails = [each[0] for each in given], [each[1] for each in given]
    twice = pl.concat([planes(), planes()])
    both = weather([MORNING - timedelta(hours=1)] * 2, [1.0, 2.0])
    made = build(flights(minute=minutes, tailnum=tails), both, twice)
    assert made["minute"].to_list() == sorted(float(each) for each in minutes)
    assert made[TIME].is_sorted()


def test_nothing_that_is_known_only_later_changes_a_feature() -> None:
    before = build(flights(), weather([], []), planes())
    late = flights(dep_delay=[200], air_time=[400], arr_delay=[300])
    after = build(late, weather([MORNING], [99.0]), planes())
    assert before.select(TIME, *FEATURES).equals(after.select(TIME, *FEATURES))


def test_a_flight_is_late_from_sixteen_minutes_on_and_one_that_never_arrived_has_no_label() -> None:
    rows = flights(arr_delay=[15, 16, None], air_time=[300, 300, None])
    made = build(rows, weather([], []), planes())
    assert made[LABEL].to_list() == [0, 1, None]
    landed = MORNING + timedelta(minutes=15 + 5 + 300)
    assert made[LANDED].to_list() == [landed, landed, None]


def test_the_order_of_the_input_does_not_matter() -> None:
    rows = flights(minute=[30, 10, 20], carrier=["UA", "AA", "DL"], flight=[3, 1, 2])
    once = build(rows, weather([], []), planes())
    assert build(rows.reverse(), weather([], []), planes()).equals(once)


def test_all_features_are_numbers_and_an_unseen_airport_has_one_too() -> None:
    made = build(flights(dest=["ZZZ"]), weather([], []), planes())
    assert set(made.select(FEATURES).dtypes) == {pl.Float64}
    assert made["dest"].null_count() == 0
