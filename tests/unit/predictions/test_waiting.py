"""Outcomes of predictions that nobody knows wait for them: none is lost, none is recorded twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.errors import Conflict, InvalidInput
from meguru.kernel import events
from meguru.predictions import unmatched, unmatched_store
from meguru.predictions.joiner import OutcomeJoiner
from meguru.predictions.operations import forget, join, record, show, waiting
from meguru.predictions.types import OutcomeInput
from meguru.serving.operations import create

MARCH = datetime(2013, 3, 1, tzinfo=UTC)
LATER = MARCH + timedelta(days=400)
UNKNOWN = "pred-01m84k6bkp6xr71txnaarm5s6h.0"


@pytest.fixture
def endpoint(workspace):
    return create(workspace, name="delay", model="delay").name


def keep(workspace, *given, endpoint="delay"):
    return record(
        workspace, endpoint=endpoint, outcomes=[OutcomeInput(**each) for each in given], unknown="keep"
    )


def test_outcomes_of_unknown_predictions_are_kept_once_and_named(workspace, endpoint, answered):
    known = f"{answered().id}.0"
    given = [
        {"prediction_id": known, "value": 1.0},
        {"prediction_id": UNKNOWN, "value": 1.0},
        {"key": 17, "time": MARCH, "value": 0.0},
    ]
    done = keep(workspace, *given)
    assert (done.count, done.waiting, done.unknown) == (1, 2, [UNKNOWN, f"key 17 at {MARCH.isoformat()}"])
    with workspace.read() as tx:
        event = events.latest(tx, subject="endpoint/delay", types=("outcomes.recorded",))
        before = events.head(tx)
    assert event.data == {"endpoint": "delay", "count": 1, "waiting": 2}
    assert keep(workspace, *given).repeated == 1
    with workspace.read() as tx:
        assert events.head(tx) == before  # nothing is new
    found = waiting(workspace, endpoint="delay").items
    assert [(each.prediction_id, each.key, each.value) for each in found] == [
        (UNKNOWN, "", 1.0),
        ("", "17", 0.0),
    ]


def test_what_waits_is_joined_when_its_prediction_comes_400_days_before_it_too(workspace, endpoint, answered):
    keep(
        workspace,
        {"key": "a", "time": MARCH, "value": 1.0, "at": LATER},
        {"key": "b", "value": 0.0, "at": LATER},
        {"key": "c", "time": LATER, "value": 1.0},
    )
    joiner = OutcomeJoiner(workspace)
    joiner.tick()
    batch = answered(3, rows=[("a", MARCH), ("b", MARCH), ("c", MARCH)])
    joiner.tick()
    found = [show(workspace, id=f"{batch.id}.{row}").outcome for row in range(3)]
    assert [each and (each.value, each.at, each.recorded_by) for each in found] == [
        (1.0, LATER, "local"),
        (0.0, LATER, "local"),
        None,
    ]
    assert [each.key for each in waiting(workspace, endpoint="delay").items] == ["c"]
    assert join(workspace, endpoint="delay").count == 0


def test_an_outcome_without_a_time_is_of_a_later_prediction_too(workspace, endpoint, answered):
    keep(workspace, {"key": "a", "value": 1.0}, {"key": "b", "value": 1.0, "at": MARCH})
    soon = datetime.now(UTC) + timedelta(seconds=1)
    batch = answered(2, times=[soon, soon], rows=[("a", soon), ("b", soon)])
    assert join(workspace, endpoint="delay").count == 1
    assert show(workspace, id=f"{batch.id}.0").outcome.value == 1.0
    assert show(workspace, id=f"{batch.id}.1").outcome is None  # it was known in March


def test_what_is_no_outcome_of_the_prediction_that_came_stays_with_the_reason(workspace, endpoint, answered):
    keep(workspace, {"key": "a", "value": "late", "at": LATER}, {"key": "b", "value": 1.0, "at": LATER})
    batch = answered(2, rows=[("a", MARCH), ("b", MARCH)])
    assert join(workspace, endpoint="delay").waiting == 1
    (left,) = waiting(workspace, endpoint="delay").items
    assert (left.key, "finite number" in left.problem) == ("a", True)
    assert show(workspace, id=f"{batch.id}.1").outcome.value == 1.0
    assert forget(workspace, endpoint="delay", before=datetime.now(UTC) + timedelta(1)) == 1


def test_what_can_never_be_joined_is_refused(workspace, endpoint, answered):
    other = answered(endpoint="price")
    for given, said in (
        ({"prediction_id": f"{other.id}.0", "value": 1.0}, "price"),
        ({"prediction_id": f"{answered().id}.7", "value": 1.0}, "1 rows"),
        ({"prediction_id": "nonsense", "value": 1.0}, "not the id"),
        ({"key": "a", "value": "x" * 20_000}, "too large"),
    ):
        with pytest.raises(InvalidInput) as caught:
            keep(workspace, given)
        assert said in f"{caught.value.what} {caught.value.why}"
    with pytest.raises(InvalidInput, match="no endpoint"):
        keep(workspace, {"key": "a", "value": 1.0}, endpoint="nowhere")


def test_only_so_many_wait(workspace, endpoint, monkeypatch):
    monkeypatch.setattr(unmatched_store, "MAX_WAITING", 2)
    keep(workspace, {"key": "a", "value": 1.0}, {"key": "b", "value": 1.0})
    with pytest.raises(Conflict, match="2 outcomes"):
        keep(workspace, {"key": "c", "value": 1.0})


def test_pages_of_what_waits(workspace, endpoint):
    keep(workspace, *({"key": str(number), "value": 1.0} for number in range(5)))
    first = waiting(workspace, endpoint="delay", limit=3)
    rest = waiting(workspace, endpoint="delay", limit=3, cursor=first.next_cursor)
    assert [each.key for each in (*first.items, *rest.items)] == list("01234")
    assert rest.next_cursor == ""


def test_outcomes_that_can_not_be_taken_do_not_hold_up_those_behind_them(
    workspace, endpoint, answered, monkeypatch
):
    monkeypatch.setattr(unmatched, "MAX_JOINED", 2)
    given = [{"key": number, "time": MARCH, "value": "late" if number < 2 else 1.0} for number in range(3)]
    keep(workspace, *given)
    answered(3, rows=[(str(number), MARCH) for number in range(3)])
    OutcomeJoiner(workspace).tick()
    assert [bool(each.problem) for each in waiting(workspace, endpoint="delay").items] == [True, True]
