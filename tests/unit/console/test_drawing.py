"""Charts, numbers, windows and links."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from meguru.base.scale import Scale, around
from meguru.console import numbers
from meguru.console.charts.bars import bars, column_bars
from meguru.console.charts.curves import Curve, curves
from meguru.console.charts.gantt import lane
from meguru.console.charts.history import Flag, WindowPoint, Words, history
from meguru.console.charts.loop import Station, loop
from meguru.console.charts.series import grid, spark
from meguru.console.links import short
from meguru.console.spans import span_name

WORDS = Words(label="how <well>", drift="drift")
finite = some.floats(-1e6, 1e6)


def well_formed(drawing: str) -> ET.Element:
    assert "nan" not in drawing
    assert "inf" not in drawing
    return ET.fromstring(drawing)


windows = some.builds(
    WindowPoint,
    label=some.text(max_size=12, alphabet=some.characters(codec="utf-8", categories=("L", "N", "P"))),
    tip=some.just("line\n<b>"),
    value=some.none() | some.floats(0, 1),
    low=some.none() | some.floats(0, 1),
    high=some.none() | some.floats(0, 1),
    others=some.dictionaries(some.sampled_from(["model/a@1", "model/a@2"]), some.floats(0, 1)),
    alert=some.booleans(),
    drift=some.none() | some.floats(0, 1),
)


@given(some.lists(windows, min_size=1, max_size=70), some.lists(some.integers(-1, 69), max_size=4))
def test_a_history_is_well_formed_whatever_is_missing(found, places):
    flags = [Flag(after=at, good=at % 2 == 0, text="@1", tip="<why>") for at in places]
    drawn = well_formed(history(found, flags, WORDS))
    hits = [each for each in drawn.iter("rect") if each.get("class") == "hit"]
    assert len(hits) == len(found)
    assert drawn.get("aria-label") == "how <well>"


@given(some.lists(finite, min_size=1, max_size=60))
def test_ticks_are_round_numbers_within_the_scale(values):
    scale = around(values, 100, 0)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 6
    room = 1e-6 * max(abs(scale.low), abs(scale.high))
    assert all(scale.low - room <= tick <= scale.high + room for tick in ticks)
    assert all(0 <= scale(value) <= 100 for value in values)


def test_a_scale_of_one_value_puts_it_in_the_middle():
    assert Scale(3, 3, 0, 10)(3) == 5


@given(some.lists(some.none() | finite, max_size=30))
def test_a_spark_needs_one_value(values):
    drawn = spark(values, "label")
    assert bool(drawn) == any(value is not None for value in values)
    if drawn:
        well_formed(drawn)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((1e-5, 4e-5), ["0.00001", "0.00002", "0.00003", "0.00004"]),
        ((1e-9, 4e-9), ["1e-09", "2e-09", "3e-09", "4e-09"]),
        ((1_000_000, 2_500_000), ["1000000", "1500000", "2000000", "2500000"]),
        ((0.25, 0.75), ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"]),
    ],
)
def test_the_numbers_beside_an_axis_are_those_of_its_lines(values, told):
    drawn = grid(Scale(*values, 100, 0), 0, 10, 4)
    texts = [ET.fromstring(each).text for each in drawn if each.startswith("<text")]
    assert len(set(texts)) == len(texts)
    assert set(texts) <= set(told)


def test_other_drawings_are_well_formed():
    well_formed(curves([Curve(name="<a>", points=[(0, 1.0)])], "alone"))
    well_formed(bars([], "nothing"))
    well_formed(column_bars({"kind": "numeric", "counts": [0] * 1026}, "x"))
    well_formed(column_bars({"kind": "categorical", "top": [["<a>", 3], ["b", 1]]}, "x"))
    well_formed(lane((0.0, 0.0), 0.0, "running", "x"))
    well_formed(lane(None, 3.0, "waiting", "x"))
    stations = [Station(name="<n>", detail="d&d", tone="good", url="/?a=1&b=2")] * 6
    assert len(list(well_formed(loop(stations, "loop")).iter("a"))) == 6


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"])
def test_a_month_is_named_as_such_wherever_it_is_one(zone):
    here = ZoneInfo(zone)
    assert span_name(datetime(2013, 3, 1, tzinfo=here), datetime(2013, 4, 1, tzinfo=here)) == "2013-03"
    assert span_name(datetime(2013, 12, 1, tzinfo=here), datetime(2014, 1, 1, tzinfo=here)) == "2013-12"


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_day_is_named_as_such_wherever_most_people_live(zone):
    here = ZoneInfo(zone)
    assert span_name(datetime(2013, 3, 10, tzinfo=here), datetime(2013, 3, 11, tzinfo=here)) == "03-10"


def test_another_window_is_named_by_its_days_or_its_start():
    start = datetime(2026, 5, 4, tzinfo=UTC)
    assert span_name(start, start + timedelta(days=7)) == "05-04…05-10"
    assert span_name(start + timedelta(hours=9), start + timedelta(hours=10)) == "05-04 09:00"


def test_numbers_are_written_for_people():
    assert numbers.number(0.74149) == "0.741"
    assert numbers.number(1234567) == "1,234,567"
    assert numbers.number(0.00001234) == "1.2e-05"
    assert numbers.number(-1.7976931348623157e308) == "-1.798e+308"
    assert numbers.number(math.nan) == numbers.number(None) == "–"
    assert numbers.seconds(0.0421) == "42 ms"
    assert numbers.seconds(3725) == "1 h 2 min"
    assert numbers.size(123456) == "123.5 kB"
    assert numbers.percent(0.4444, 0) == "44 %"
    assert numbers.plain({"a": [1, None]}) == '{"a":[1,null]}'


def test_an_id_is_shortened_to_its_telling_end():
    assert short("run/run-01m84gqj4p0x3d6r9s4tpg3p6c") == "run/run-…pg3p6c"
    assert short("step_run/prun-01m84gqj4p0x3d6r9s4tpg3p6c.fit") == "step_run/prun-…pg3p6c.fit"
    assert short("model/flight-delay@3") == "model/flight-delay@3"


def test_curves_carry_their_points_so_that_the_value_at_a_step_can_be_told():
    lines = [Curve(name="a & b", points=[(0, 0.125), (5, 2.0)]), Curve(name="c", rank=9, points=[(3, -1e9)])]
    drawn = well_formed(curves(lines, "loss by step"))
    assert (drawn.get("role"), drawn.get("tabindex")) == ("img", "0")
    first, second = (each for each in drawn.iter("path") if each.get("data-x"))
    assert [first.get(f"data-{name}") for name in ("name", "x", "y")] == ["a & b", "0 5", "0.125 2"]
    assert (second.get("class"), second.get("data-y")) == ("curve c1 d1", "-1000000000")


def test_of_the_marks_of_a_drawing_one_is_reached_by_tab_and_each_is_told():
    found = [WindowPoint(label="w", tip=f"line {n}\nmore", value=0.5) for n in range(3)]
    drawn = well_formed(history(found, [Flag(after=0, good=True, text="@1", tip="it went live")], WORDS))
    assert drawn.get("role") == "group", "a picture has no parts"
    marks = [each for each in drawn.iter() if each.get("data-tip")]
    assert [each.get("tabindex") for each in marks] == ["0", "-1", "-1", "-1"]
    assert [each.get("aria-label") for each in marks] == [
        "line 0 · more",
        "line 1 · more",
        "line 2 · more",
        "it went live",
    ]
