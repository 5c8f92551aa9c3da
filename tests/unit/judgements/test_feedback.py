"""Feedback is kept apart from the truth, once, with its history; a rule may take it for the truth."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.errors import InvalidInput
from meguru.judgements.joiner import FeedbackJoiner
from meguru.judgements.operations import add, list_feedback, record
from meguru.judgements.types import FeedbackInput
from meguru.kernel import events
from meguru.predictions.operations import record as record_outcomes
from meguru.predictions.operations import show
from meguru.predictions.types import OutcomeInput


def judged(workspace, *given, unknown="refuse"):
    return record(
        workspace, endpoint="delay", feedback=[FeedbackInput(**each) for each in given], unknown=unknown
    )


def listed(workspace, **given):
    return list_feedback(workspace, endpoint="delay", **given).items


def test_feedback_is_recorded_once_and_is_no_outcome(workspace, answered):
    first, second = answered()
    given = [
        {"prediction_id": first, "thumb": "down", "comment": "too early", "by": "user-7"},
        {"prediction_id": second, "rating": 4.5, "label": "late", "by": "user-7"},
    ]
    done = judged(workspace, *given)
    assert (done.count, done.repeated, done.outcomes) == (2, 0, 0)
    assert judged(workspace, *given).repeated == 2
    assert len(listed(workspace)) == 2
    (found,) = listed(workspace, prediction=first)
    assert (found.thumb, found.comment, found.judge, found.recorded_by) == (
        "down",
        "too early",
        "user-7",
        "local",
    )
    assert show(workspace, id=first).outcome is None


def test_who_changes_their_mind_is_counted_once_and_what_they_said_is_kept(workspace, answered):
    first, _ = answered()
    for thumb in ("up", "down", "up"):
        judged(workspace, {"prediction_id": first, "thumb": thumb, "by": "sato"})
    judged(workspace, {"prediction_id": first, "thumb": "down", "by": "suzuki"})
    found = listed(workspace)
    assert [(each.judge, each.thumb, each.counts) for each in found] == [
        ("suzuki", "down", True), ("sato", "up", True), ("sato", "down", False), ("sato", "up", False),
    ]  # fmt: skip


def test_a_rule_takes_feedback_for_the_truth_until_that_is_known(workspace, endpoint, answered):
    endpoint(label=True)
    first, second = answered()
    assert add(workspace, id=first, label=0.75, by="sato").outcomes == 1
    found = show(workspace, id=first).outcome
    assert (found.value, found.recorded_by) == (0.75, "feedback/sato")
    add(workspace, id=first, label=0.5, by="sato")
    assert show(workspace, id=first).outcome.value == 0.5
    # The truth became known before that was said, and counts all the same; what is said after it does not.
    early = found.at - timedelta(days=1)
    record_outcomes(
        workspace, endpoint="delay", outcomes=[OutcomeInput(prediction_id=first, value=0.1, at=early)]
    )
    assert add(workspace, id=first, label=0.9, by="suzuki").outcomes == 0
    shown = show(workspace, id=first)
    assert (shown.outcome.value, [each.value for each in shown.earlier]) == (0.1, [0.5, 0.75])
    assert add(workspace, id=second, thumb="up").outcomes == 0  # the rule takes labels only


def test_a_thumb_says_that_the_answer_was_right_and_taking_it_back_takes_the_outcome_away(
    workspace, endpoint, answered
):
    endpoint(thumb=True, rating=4)
    first, second = answered()
    add(workspace, id=first, thumb="up", by="sato")
    assert show(workspace, id=first).outcome.value == 0.25
    add(workspace, id=first, thumb="down", by="sato")
    assert show(workspace, id=first).outcome is None
    assert (add(workspace, id=second, rating=3).outcomes, add(workspace, id=second, rating=4).outcomes) == (
        0,
        1,
    )


def test_so_many_judges_must_be_of_one_mind(workspace, endpoint, answered):
    endpoint(label=True, judges=2)
    first, _ = answered()
    assert add(workspace, id=first, label=1, by="sato").outcomes == 0
    assert add(workspace, id=first, label=1, by="suzuki").outcomes == 1
    add(workspace, id=first, label=0, by="tanaka")
    assert show(workspace, id=first).outcome is None
    assert add(workspace, id=first, label=1, by="tanaka").outcomes == 1


def test_feedback_on_unknown_answers_waits_for_them(workspace, endpoint, answered):
    endpoint(label=True)
    done = judged(workspace, {"key": "a", "label": 1.0, "by": "sato"}, unknown="keep")
    assert (done.count, done.waiting, done.unknown) == (0, 1, ["key a"])
    assert judged(workspace, {"key": "a", "label": 1.0, "by": "sato"}, unknown="keep").repeated == 1
    joiner = FeedbackJoiner(workspace)
    joiner.tick()
    (first,) = answered("a", n=1)
    joiner.tick()
    assert show(workspace, id=first).outcome.value == 1.0
    assert [(each.prediction_id, each.counts) for each in listed(workspace)] == [(first, True)]


def test_what_becomes_an_outcome_is_told_with_its_cause(workspace, endpoint, answered):
    endpoint(label=True)
    add(workspace, id=answered()[0], label=1)
    with workspace.read() as tx:
        outcome = events.latest(tx, subject="endpoint/delay", types=("outcomes.recorded",))
        told = events.latest(tx, subject="endpoint/delay", types=("feedback.recorded",))
    assert (outcome.cause, told.data) == (told.id, {"endpoint": "delay", "count": 1, "outcomes": 1})


def test_what_is_no_feedback_is_refused(workspace, answered):
    known = answered()[0]
    cases = [
        ({}, "feedback[0]"),
        ({"comment": "x" * 5000}, "feedback[0].comment"),
        ({"thumb": "up", "by": "x" * 300}, "feedback[0].by"),
        ({"rating": float("nan")}, "feedback[0].rating"),
        ({"label": "x" * 20_000}, "feedback[0].label"),
        ({"thumb": "up", "key": "a"}, "feedback[0].key"),
        ({"thumb": "up", "prediction_id": "pred-1.0"}, "feedback[0].prediction_id"),
    ]
    for given, field in cases:
        with pytest.raises(InvalidInput) as caught:
            judged(workspace, {"prediction_id": known, **given})
        assert caught.value.field == field


def test_a_rule_that_makes_no_sense_is_refused(workspace, endpoint):
    for rule in ({"labels": True}, {"judges": 0}, {"rating": "x"}):
        with pytest.raises(InvalidInput):
            endpoint(**rule)


def test_pages_of_feedback(workspace, answered):
    first, _ = answered()
    judged(workspace, *({"prediction_id": first, "thumb": "up", "by": str(number)} for number in range(5)))
    page = list_feedback(workspace, endpoint="delay", limit=3)
    rest = list_feedback(workspace, endpoint="delay", limit=3, cursor=page.next_cursor)
    assert [each.judge for each in (*page.items, *rest.items)] == list("43210")
