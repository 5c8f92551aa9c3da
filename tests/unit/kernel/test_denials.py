"""Refused requests are told of in the log, which those who are refused can't fill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.governance.principals import create_principal
from meguru.kernel import events
from meguru.kernel.operations.denials import MAX_EVENTS, DenialLimit
from meguru.kernel.principals import Principal

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def told(ws):
    with ws.read() as tx:
        return [each.data for each in events.read(tx, types=("access.denied",), limit=1000)]


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", clock=clock) as opened:
        yield opened


def test_of_very_many_refusals_some_are_events_and_the_next_minute_tells_of_the_others(ws, clock):
    nobody = ws.with_(principal=Principal(name="nobody", permissions=frozenset()))
    for _ in range(MAX_EVENTS + 170):
        with pytest.raises(errors.Forbidden):
            create_principal(nobody, name="x", role="owner")
    assert len(told(ws)) == MAX_EVENTS
    clock.move(timedelta(seconds=61))
    with pytest.raises(errors.Forbidden):
        create_principal(nobody, name="x", role="owner")
    *before, last = told(ws)
    assert last["unsaid"] == 170
    assert not any(each.get("unsaid") for each in before)


def test_each_principal_has_a_limit_of_its_own_and_a_clock_that_goes_back_silences_nobody():
    limit = DenialLimit(most=2)
    assert [limit.admit("a", NOON) for _ in range(4)] == [0, 0, None, None]
    assert limit.admit("b", NOON) == 0
    assert limit.admit("a", NOON - timedelta(hours=1)) == 2
    assert limit.admit("a", NOON - timedelta(hours=1)) == 0


def test_so_many_names_are_kept_and_no_more():
    limit = DenialLimit()
    for number in range(5000):
        limit.admit(f"p{number}", NOON)
    assert len(limit._known) == 1000
