from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.demo.flights.features import FEATURES, WEATHER, plane, schedule, weather
from meguru.demo.flights.labels import ASKED, LABEL, LANDED, TIME, labelled
from meguru.demo.flights.setup import DECLARED
from meguru.features.offline.join import matched
from meguru.features.offline.row_files import write_rows
from meguru.features.on_demand.compute import computed
from meguru.features.types import ViewDefinition
from meguru.project.read import read_project

MORNING = datetime(2013, 3, 1, 15, tzinfo=UTC)


def flights(**columns: list[Any]) -> pl.DataFrame:
    n = len(next(iter(columns.values()), [0]))
    plain: dict[str, list[Any]] = {
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


def records(times: list[datetime], temps: list[float]) -> pl.DataFrame:
    zeros = {name: [0.0] * len(times) for name in WEATHER}
    return pl.DataFrame(
        {"origin": ["JFK"] * len(times), "time_hour": times} | zeros | {"temp": temps},
        schema_overrides={"time_hour": pl.Datetime("us", "UTC")},
    )


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    return {each.name: each.spec for each in read_project(DECLARED).wanted if each.kind == "feature_view"}


@settings(max_examples=25, deadline=None)
@given(offsets=st.lists(st.integers(-8, 8), unique=True, max_size=10), minute=st.integers(0, 59))
def test_weather_is_the_newest_of_the_last_three_hours_and_never_of_the_future(
    declared: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, offsets: list[int], minute: int
) -> None:
    hours = [MORNING + timedelta(hours=offset) for offset in offsets]
    made = weather(records(hours, [float(each) for each in offsets]))
    view = ViewDefinition(entities=["origin"], keys=["origin"], time=declared["weather"]["time"])
    kept = write_rows(made, view, dict.fromkeys(WEATHER, "Float64"), tmp_path_factory.mktemp("rows") / "kept")
    asked = labelled(flights(minute=[minute]))
    ttl = float(declared["weather"]["ttl"].removesuffix("m")) * 60
    found = matched(kept, asked, asked[TIME], ttl, {})
    usable = [each for each in offsets if -4 <= each <= -1]
    assert kept.column("temp").take(found.rows).to_list() == [float(max(usable)) if usable else None]


def test_a_plane_stands_once_in_the_register() -> None:
    register = pl.DataFrame(
        {"tailnum": ["N1", "N1"], "year": [2000, 1999], "seats": [180, 9], "engines": [2, 1]}
    )
    assert plane(register).rows() == [("N1", 2000.0, 180.0, 2.0)]


def test_each_flight_gives_exactly_one_row_in_order_of_its_schedule() -> None:
    rows = flights(minute=[30, 10, 20], carrier=["UA", "AA", "DL"], flight=[3, 1, 2])
    once = labelled(rows)
    assert once["flight"].to_list() == [1, 2, 3]
    assert labelled(rows.reverse()).equals(once)


def test_nothing_that_is_known_only_later_is_asked_with() -> None:
    late = flights(dep_delay=[200], air_time=[400], arr_delay=[300])
    assert labelled(flights()).select(TIME, *ASKED).equals(labelled(late).select(TIME, *ASKED))


def test_a_flight_is_late_from_sixteen_minutes_on_and_one_that_never_arrived_has_no_label() -> None:
    made = labelled(flights(arr_delay=[15, 16, None], air_time=[300, 300, None]))
    assert made[LABEL].to_list() == [0, 1, None]
    landed = MORNING + timedelta(minutes=15 + 5 + 300)
    assert made[LANDED].to_list() == [landed, landed, None]


def test_the_schedule_is_local_time_as_numbers_and_an_unseen_airport_has_one_too(
    declared: dict[str, Any],
) -> None:
    said = declared["schedule"]
    asked = labelled(flights(dest=["ZZZ"])).with_columns(built=pl.lit(2000.0))
    view = ViewDefinition(features=said["features"], request=said["request"], inputs=said["inputs"])
    (made,) = computed(schedule.function, asked, view, "schedule").to_dicts()
    assert (made["hour"], made["minute"], made["weekday"], made["age"]) == (10.0, 15.0, 5.0, 13.0)
    assert made["dest_code"] == int("ZZZ", 36)
    assert set(said["features"]) < set(FEATURES)
