"""What every kind of trigger promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.kernel.events import Event
from meguru.triggers.kinds import TriggerKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_event(type: str, subject: str, **fields: object) -> Event:
    """Make an event as the log would have it."""
    known = {"seq": 1, "id": "evt-1", "at": NOW, "actor": "local", "operation": "test.say"}
    return Event(type=type, subject=subject, **known | fields)  # type: ignore[arg-type]


OTHER = make_event("something.else", "thing/other@1")


class KindContract:
    """Subclass it, with a fixture `kind`; a kind that is driven by events also gives `wakes`."""

    wakes: Event | None = None

    @pytest.fixture
    def kind(self) -> TriggerKind:
        """Return the kind under test."""
        raise NotImplementedError

    def test_it_is_driven_by_events_or_by_the_calendar(self, kind: TriggerKind) -> None:
        assert (self.wakes is None) is (kind.next_due(NOW) is not None)

    def test_it_wakes_for_its_event_alone(self, kind: TriggerKind) -> None:
        assert not kind.matches(OTHER)
        if self.wakes is not None:
            assert kind.matches(self.wakes)

    def test_what_it_wakes_for_is_of_a_type_that_may_match(self, kind: TriggerKind) -> None:
        if self.wakes is not None:
            assert kind.may_match(self.wakes.type)

    def test_what_it_wakes_for_tells_of_the_thing_that_it_is_about(self, kind: TriggerKind) -> None:
        if self.wakes is not None:
            assert kind.about in {None, self.wakes.subject.partition("@")[0]}

    def test_the_next_moment_is_later_in_utc_and_always_the_same(self, kind: TriggerKind) -> None:
        due = kind.next_due(NOW)
        assert due == kind.next_due(NOW)
        if due is not None:
            assert due > NOW
            assert due.utcoffset() == timedelta(0)

    def test_the_moments_after_a_stop_are_those_of_the_calendar(self, kind: TriggerKind) -> None:
        first = kind.next_due(NOW)
        if first is None:
            return
        met = [first]
        while (following := kind.next_due(met[-1])) is not None and len(met) < 3:
            met.append(following)
        assert kind.due_between(first, met[-1]) == met
