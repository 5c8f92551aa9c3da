"""Calendars of business days: weekends, holidays, the nth of a month, across the clock's changes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from meguru.errors import InvalidInput
from meguru.triggers import operations as triggers
from meguru.triggers.kinds.business_days import business_days
from meguru.triggers.parse import kind_of
from meguru.triggers.project_section import prepare, read_holidays

pytest_plugins = ["meguru.testing.fixtures"]

BUSINESS = {"cron": "0 9 * * *", "tz": "Asia/Tokyo", "days": "business"}


def days(on, since, count):
    kind = kind_of(on)
    moment, found = datetime.fromisoformat(since).replace(tzinfo=UTC), []
    while len(found) < count and (moment := kind.next_due(moment)) is not None:
        found.append(f"{moment.astimezone(kind.zone):%m-%d %H:%M}")
    return found


def test_weekends_are_left_out():
    assert days(BUSINESS, "2026-03-05T12:00", 3) == ["03-06 09:00", "03-09 09:00", "03-10 09:00"]


def test_japanese_holidays_are_known_with_their_substitutes():
    # Golden Week of 2026: Showa Day, Constitution Day's substitute, Greenery and Children's Day
    found = days(BUSINESS | {"holidays": "JP"}, "2026-04-27T12:00", 4)
    assert found == ["04-28 09:00", "04-30 09:00", "05-01 09:00", "05-07 09:00"]


def test_a_list_of_dates_and_countries_goes_together():
    on = BUSINESS | {"holidays": ["JP", "2026-04-30"]}
    assert days(on, "2026-04-28T12:00", 2) == ["05-01 09:00", "05-07 09:00"]


def test_the_last_and_first_business_day_of_each_month():
    since = "2026-01-31T12:00"
    assert days(BUSINESS | {"nth": -1}, since, 3) == ["02-27 09:00", "03-31 09:00", "04-30 09:00"]
    assert days(BUSINESS | {"nth": 1}, since, 3) == ["02-02 09:00", "03-02 09:00", "04-01 09:00"]


def test_the_hour_that_is_skipped_is_of_its_day():
    on = {"cron": "30 2 * * *", "tz": "Europe/Berlin", "days": "business"}
    assert days(on, "2026-03-27T12:00", 1) == ["03-30 02:30"]


def test_each_minute_of_business_days_is_found_at_once():
    kind = kind_of({"cron": "* * * * *", "days": "business"})
    assert kind.next_due(datetime(2026, 3, 7, tzinfo=UTC)) == datetime(2026, 3, 9, tzinfo=UTC)


def test_business_days_are_in_no_other_order_than_the_calendars():
    known = business_days(("2026-01-01",))
    assert date(2026, 1, 1) not in known
    assert known.is_nth(date(2026, 1, 2), 1)
    assert not known.is_nth(date(2026, 1, 3), 1)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"days": "all", "nth": 1}, "on.days"),
        ({"nth": 0}, "on.nth"),
        ({"nth": 24}, "on.nth"),
        ({"holidays": "XX"}, "on.holidays"),
        ({"holidays": "DE-XX"}, "on.holidays"),
        ({"cron": "0 9 * * 6"}, "on.cron"),
        ({"cron": "0 9 30 2 *"}, "on.cron"),
    ],
)
def test_a_calendar_that_makes_no_sense_or_never_comes_is_refused(workspace, more, field):
    with pytest.raises(InvalidInput) as refused:
        triggers.create(workspace, name="x", on=BUSINESS | more, action={"note": "done"})
    assert refused.value.field == field


def test_holidays_of_a_file_beside_the_project_file(tmp_path):
    (tmp_path / "off.txt").write_text("# ours\n2026-12-31 the shop is closed\n2026-01-02\n")
    (tmp_path / "off.ics").write_text("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260704\nEND:VEVENT\n")
    assert read_holidays(tmp_path, "off.ics") == ["2026-07-04"]
    made = prepare(tmp_path, "x", {"on": BUSINESS | {"holidays": "off.txt"}, "action": {}, "cooldown": "1h"})
    assert made["on"]["holidays"] == ["2026-01-02", "2026-12-31"]
    assert made["cooldown"] == 3600
    both = prepare(tmp_path, "x", {"on": {"holidays": ["JP", "off.ics"]}, "action": {}})
    assert both["on"]["holidays"] == ["JP", "2026-07-04"]
    for wrong in ("../off.txt", "none.txt"):
        with pytest.raises(InvalidInput):
            read_holidays(tmp_path, wrong)
