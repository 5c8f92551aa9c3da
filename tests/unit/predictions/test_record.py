from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.predictions.operations import record, show
from meguru.predictions.types import OutcomeInput

APRIL = datetime(2013, 4, 1, tzinfo=UTC)


def given(prediction_id, value=1.0, at=APRIL):
    return OutcomeInput(prediction_id=prediction_id, value=value, at=at)


def test_an_outcome_joins_its_prediction(workspace, answered):
    batch = answered(3, scores=[0.1, 0.2, 0.3], shadows={"model/delay@2": [0.5, 0.6, 0.7]})
    done = record(workspace, endpoint="delay", outcomes=[given(f"{batch.id}.2")])
    assert done.count == 1
    shown = show(workspace, id=f"{batch.id}.2")
    assert (shown.score, shown.features, shown.shadows) == (
        0.3,
        {"hour": 2, "delay": 0.5},
        {"model/delay@2": 0.7},
    )
    assert shown.outcome is not None
    assert (shown.outcome.value, shown.outcome.at) == (1.0, APRIL)
    assert show(workspace, id=f"{batch.id}.1").outcome is None


def test_each_call_is_one_event(workspace, answered):
    batch = answered(2)
    record(workspace, endpoint="delay", outcomes=[given(f"{batch.id}.0"), given(f"{batch.id}.1")])
    with workspace.read() as tx:
        event = events.latest(tx, subject="endpoint/delay")
    assert (event.type, event.data) == ("outcomes.recorded", {"endpoint": "delay", "count": 2})


@pytest.mark.parametrize("backwards", [False, True])
def test_the_outcome_that_became_known_later_stays_whichever_arrives_first(workspace, answered, backwards):
    prediction = f"{answered().id}.0"
    both = [given(prediction, 0.0), given(prediction, 1.0, APRIL + timedelta(hours=1))]
    for each in reversed(both) if backwards else both:
        record(workspace, endpoint="delay", outcomes=[each])
    assert show(workspace, id=prediction).outcome.value == 1.0


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (lambda b: given("nonsense"), "outcomes[1].prediction_id"),
        (lambda b: given("pred-0.0"), "outcomes[1].prediction_id"),
        (lambda b: given(f"{b.id}.2"), "outcomes[1].prediction_id"),
        (lambda b: given(f"{b.id}.00"), "outcomes[1].prediction_id"),
        (lambda b: given(f"{b.id}.-1"), "outcomes[1].prediction_id"),
        (lambda b: given(f"{b.id}.٣"), "outcomes[1].prediction_id"),
        (lambda b: given(f"{b.id}.1", at=datetime(2013, 4, 1)), "outcomes[1].at"),  # noqa: DTZ001
    ],
)
def test_one_wrong_outcome_is_named_and_nothing_is_recorded(workspace, answered, bad, field):
    batch = answered(2)
    with pytest.raises(InvalidInput) as caught:
        record(workspace, endpoint="delay", outcomes=[given(f"{batch.id}.0"), bad(batch)])
    assert caught.value.field == field
    assert show(workspace, id=f"{batch.id}.0").outcome is None


def test_a_prediction_of_another_endpoint_is_refused_with_its_name(workspace, answered):
    batch = answered(endpoint="price")
    with pytest.raises(InvalidInput) as caught:
        record(workspace, endpoint="delay", outcomes=[given(f"{batch.id}.0")])
    assert "price" in caught.value.why


def test_none_and_too_many_outcomes_are_refused(workspace):
    for outcomes in ([], [given("pred-0.0")] * 10_001):
        with pytest.raises(InvalidInput) as caught:
            record(workspace, endpoint="delay", outcomes=outcomes)
        assert caught.value.field == "outcomes"


def test_an_unknown_prediction_is_not_found(workspace, answered):
    for unknown in ("pred-0.0", "x", f"{answered().id}.1"):
        with pytest.raises(NotFound):
            show(workspace, id=unknown)
