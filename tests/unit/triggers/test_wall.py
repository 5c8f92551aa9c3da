"""Daylight saving: the hour that is skipped and the one that comes twice, in zones that differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.base.local_time import moments
from meguru.triggers.kinds.cron import MAX_MOMENTS, Cron

ZONES = ["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"]
EXPRESSIONS = [
    ("0 2 * * *", {0}, {2}),
    ("30 1-3 * * *", {30}, {1, 2, 3}),
    ("15,45 2 * * *", {15, 45}, {2}),
    ("*/20 2 * * *", {0, 20, 40}, {2}),
    ("5 */2 * * *", {5}, set(range(0, 24, 2))),
    ("0 * * * *", {0}, set(range(24))),
    ("0 0 * * *", {0}, {0}),
]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(expression, zone, first, last):
    found = moments(expression, ZoneInfo(zone), at(first))
    return [f"{moment:%d %H:%M}" for moment in takewhile(lambda moment: moment <= at(last), found)]


@pytest.mark.parametrize(
    ("zone", "expression", "first", "expected"),
    [
        # Berlin: 02:00 became 03:00 at 01:00 UTC on 29 March; 03:00 became 02:00 at 01:00 UTC on 25 October.
        ("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00", ["29 01:00", "30 00:30"]),
        ("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00", ["25 00:30", "26 01:30"]),
        (
            "Europe/Berlin",
            "*/30 2 * * *",
            "2026-10-24T12:00",
            ["25 00:00", "25 00:30", "25 01:00", "25 01:30"],
        ),
        ("Europe/Berlin", "*/30 2 * * *", "2026-03-28T12:00", ["30 00:00", "30 00:30"]),
        # New York: 02:00 became 03:00 at 07:00 UTC on 8 March; 02:00 became 01:00 at 06:00 UTC on 1 November.
        ("America/New_York", "30 2 * * *", "2026-03-07T12:00", ["08 07:00", "09 06:30"]),
        ("America/New_York", "30 1 * * *", "2026-10-31T12:00", ["01 05:30", "02 06:30"]),
        ("America/New_York", "0 * * * *", "2026-11-01T04:30", ["01 05:00", "01 06:00", "01 07:00"]),
        # Tokyo keeps one time all year.
        ("Asia/Tokyo", "30 2 * * *", "2026-03-28T00:00", ["28 17:30", "29 17:30"]),
        # Lord Howe moves by half an hour: 02:00 became 02:30 at 15:30 UTC on 3 October; back on 4 April.
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00", ["03 15:30", "04 15:15"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00", ["04 14:45", "05 15:15"]),
        ("Australia/Lord_Howe", "*/30 * * * *", "2026-04-04T14:00", ["04 14:30", "04 15:00", "04 15:30"]),
        ("Australia/Lord_Howe", "*/20 2 * * *", "2026-04-04T00:00", ["04 15:30", "04 15:50", "04 16:10"]),
    ],
)
def test_what_the_clock_skips_or_shows_twice_is_as_documented(zone, expression, first, expected):
    found = between(expression, zone, first, "2026-12-31T00:00")
    assert found[: len(expected)] == expected


def expected_of(expression, minutes, hours, zone, first, last):
    """Look at every minute: on the wall for what repeats, at every wall time for a time of day."""
    repeats = any(field.startswith("*") for field in expression.split()[:2])
    found, now = set(), first
    while now <= last:
        there = now.astimezone(zone)
        if (there.minute in minutes and there.hour in hours) and (repeats or there.fold == 0):
            found.add(now)
        before = (now - timedelta(minutes=1)).astimezone(zone)
        gap = there.replace(tzinfo=None) - before.replace(tzinfo=None) - timedelta(minutes=1)
        if not repeats and gap > timedelta(0):
            skipped = (
                there.replace(tzinfo=None) - gap + timedelta(minutes=n) for n in range(gap.seconds // 60)
            )
            if any(wall.minute in minutes and wall.hour in hours for wall in skipped):
                found.add(now)
        now += timedelta(minutes=1)
    return sorted(found)


@settings(max_examples=40)
@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01"]),
    st.integers(-24 * 60, 24 * 60),
)
def test_moments_are_those_of_a_clock_watched_minute_by_minute(case, zone, day, shift):
    expression, minutes, hours = case
    first = at(day) + timedelta(minutes=shift)
    last = first + timedelta(hours=30)
    found = takewhile(
        lambda moment: moment <= last, moments(expression, ZoneInfo(zone), first - timedelta(seconds=1))
    )
    assert list(found) == expected_of(expression, minutes, hours, ZoneInfo(zone), first, last)


@settings(max_examples=40)
@given(
    st.sampled_from(["0 2 * * *", "*/7 * * * *", "15 3 * * 1", "0 0 1 * *", "30 1-3 * * *"]),
    st.sampled_from(ZONES),
    st.integers(0, 2 * 365 * 24 * 60),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_the_moments_between_are_the_newest_of_those_met_one_by_one(expression, zone, minute, span):
    kind = Cron(cron=expression, tz=zone)
    first = kind.next_due(at("2025-01-01T00:00") + timedelta(minutes=minute))
    last, met, now = first + span, [], first
    while now <= last:
        met.append(now)
        now = kind.next_due(now)
    assert kind.due_between(first, last) == met[-MAX_MOMENTS:]
