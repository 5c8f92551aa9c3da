"""A backfill runs each partition once, in order, so many at a time; failures are told and run again alone."""

from __future__ import annotations

import pytest

from meguru.backfills import operations as backfills
from meguru.backfills.advance import BackfillFollower
from meguru.backfills.types import BackfillState, PartitionState
from meguru.backfills.work import see_through
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.pipelines.show import list_runs


def states(days, made):
    page = backfills.list_partitions(days.ws, backfill=made.id)
    return {part.key[-2:]: part.state.value for part in page.items}


def test_each_partition_is_run_once_and_its_run_says_which_it_is(days):
    made = days.start()
    seen = []
    done = see_through(days.ws, made.id, seen.append)
    assert done.state is BackfillState.SUCCEEDED
    assert sorted(days.loaded()) == [f"2024-01-0{day}" for day in range(1, 6)]
    runs = list_runs(days.ws).items
    assert {run.partition for run in runs} == set(days.loaded())
    assert {run.origin for run in runs} == {made.ref}
    assert seen[-1].counts.succeeded == 5
    assert backfills.show(days.ws, backfill=made.ref) == done


def test_no_more_runs_are_open_than_may_be_and_they_begin_in_order(days):
    made = days.start(parallel=2, order="desc")
    for expected in (["05", "04"], ["03", "02"], ["01"]):
        BackfillFollower(days.ws).step()
        BackfillFollower(days.ws).step()
        running = [key for key, state in states(days, made).items() if state == "running"]
        assert running == expected
        days.turn(made)
    BackfillFollower(days.ws).step()
    assert backfills.show(days.ws, backfill=made.id).state is BackfillState.SUCCEEDED
    with days.ws.read() as tx:
        told = [event.type for event in events.read(tx, subject=made.ref)]
    assert told == ["backfill.started", "backfill.succeeded"]


def test_a_failure_stops_what_has_not_begun(days):
    made = days.start("2024-01-12", "2024-01-15", parallel=1)
    done = see_through(days.ws, made.id)
    assert (done.state, done.reason) == (BackfillState.FAILED, "1 failed, 0 cancelled, 2 not begun")
    assert states(days, made) == {"12": "succeeded", "13": "failed", "14": "waiting", "15": "waiting"}
    (failed,) = backfills.list_partitions(days.ws, backfill=made.id, state=PartitionState.FAILED).items
    assert failed.reason == "load: RuntimeError: bad luck"


def test_go_on_goes_on_and_the_failed_one_is_run_again_alone_with_the_mended_code(days):
    made = days.start("2024-01-12", "2024-01-15", on_failure="go-on")
    done = see_through(days.ws, made.id)
    assert (done.counts.succeeded, done.counts.failed) == (3, 1)
    days.mend()
    again = backfills.retry(days.ws, backfill=made.id, latest=True)
    assert (again.state, again.version) == (BackfillState.RUNNING, 2)
    assert see_through(days.ws, made.id).state is BackfillState.SUCCEEDED
    assert sorted(days.loaded()) == ["2024-01-12", "2024-01-13", "2024-01-13", "2024-01-14", "2024-01-15"]
    with pytest.raises(Conflict, match="no partition"):
        backfills.retry(days.ws, backfill=made.id)


def test_a_named_partition_is_run_again_and_no_other(days):
    made = days.start("2024-01-13", "2024-01-13")
    see_through(days.ws, made.id)
    with pytest.raises(NotFound) as refused:
        backfills.retry(days.ws, backfill=made.id, partitions=["2024-01-14"])
    assert "2024-01-13" in refused.value.hint
    backfills.retry(days.ws, backfill=made.id, partitions=["2024-01-13"])
    see_through(days.ws, made.id)
    (part,) = backfills.list_partitions(days.ws, backfill=made.id).items
    assert (part.tries, part.state) == (2, PartitionState.FAILED)


def test_one_of_many_failed_or_cancelled_partitions_is_run_again_alone(days):
    made = days.start("2024-01-10", "2024-01-13")
    backfills.cancel(days.ws, backfill=made.id)
    backfills.retry(days.ws, backfill=made.id, partitions=["2024-01-11"])
    done = see_through(days.ws, made.id)
    assert states(days, made) == {"10": "cancelled", "11": "succeeded", "12": "cancelled", "13": "cancelled"}
    assert (done.state, done.reason) == (BackfillState.FAILED, "0 failed, 3 cancelled, 0 not begun")
    backfills.retry(days.ws, backfill=made.id, partitions=["2024-01-13"])
    assert see_through(days.ws, made.id).counts.failed == 1
    backfills.retry(days.ws, backfill=made.id, partitions=["2024-01-10"])
    assert see_through(days.ws, made.id).counts.succeeded == 2


def test_a_paused_backfill_begins_nothing_and_goes_on_where_it_was(days):
    made = days.start(parallel=2)
    days.turn(made)
    backfills.pause(days.ws, backfill=made.id)
    assert see_through(days.ws, made.id).counts.succeeded == 2
    backfills.resume(days.ws, backfill=made.id)
    assert see_through(days.ws, made.id).state is BackfillState.SUCCEEDED
    assert len(days.loaded()) == 5
    with pytest.raises(Conflict, match="ended"):
        backfills.resume(days.ws, backfill=made.id)


def test_a_cancelled_backfill_cancels_its_runs_and_keeps_what_succeeded(days):
    made = days.start(parallel=2)
    days.turn(made)
    BackfillFollower(days.ws).step()
    gone = backfills.cancel(days.ws, backfill=made.id, reason="enough")
    assert (gone.state, gone.counts.succeeded, gone.counts.cancelled) == (BackfillState.CANCELLED, 2, 3)
    assert {run.state.value for run in list_runs(days.ws).items} == {"succeeded", "cancelled"}
    BackfillFollower(days.ws).step()
    assert backfills.show(days.ws, backfill=made.id) == gone
    backfills.retry(days.ws, backfill=made.id)
    assert see_through(days.ws, made.id).state is BackfillState.SUCCEEDED


def test_a_run_that_ended_unseen_before_the_cancelling_keeps_its_own_end(days):
    made = days.start(parallel=2)
    days.turn(made)  # and nobody has looked at what came of it
    gone = backfills.cancel(days.ws, backfill=made.id)
    assert (gone.counts.succeeded, gone.counts.cancelled, gone.counts.running) == (2, 3, 0)


def test_partitions_of_which_every_step_is_kept_run_nothing(days):
    see_through(days.ws, days.start().id)
    done = see_through(days.ws, days.start().id)
    assert done.state is BackfillState.SUCCEEDED
    assert len(days.loaded()) == 5
    parts = backfills.list_partitions(days.ws, backfill=done.id).items
    assert [(part.ran, part.cached) for part in parts] == [(0, 1)] * 5


def test_values_may_be_given_instead_of_a_range(days):
    made = days.start("", "", values=["2024-01-09", "2024-01-02"])
    see_through(days.ws, made.id)
    assert [part.key for part in backfills.list_partitions(days.ws, backfill=made.id).items] == [
        "2024-01-09",
        "2024-01-02",
    ]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"first": "", "last": "", "values": ["2024-01-01", "soon"]}, "day"),
        ({"first": "", "last": "", "values": ["2024-01-01", "2024-01-01"]}, "values"),
        ({"values": ["2024-01-01"]}, "values"),
        ({"first": "", "last": ""}, "values"),
        ({"param": "dya"}, "dya"),
        ({"param": "", "params": {}}, "param"),
        ({"parallel": 0}, "parallel"),
        ({"parallel": 1000}, "parallel"),
        ({"params": {"marks": "x", "day": "2024-01-01"}}, "params"),
        ({"params": {"marks": "x", "other": 1}}, "other"),
        ({"params": {"marks": "x", "unused": "many"}}, "unused"),
        ({"param": "unused", "params": {"marks": "x", "day": "2024-01-01"}}, "unused"),
    ],
)
def test_a_backfill_that_can_not_run_is_refused_before_anything_starts(days, options, field):
    with pytest.raises(InvalidInput) as refused:
        days.start(**options)
    assert refused.value.field == field
    assert backfills.list_backfills(days.ws).items == []


def test_the_parameter_need_not_be_named_when_one_alone_must_be_given(days):
    assert days.start(param="").param == "day"


def test_two_conductors_begin_each_partition_once(days):
    made = days.start(parallel=5)
    for each in (BackfillFollower(days.ws), BackfillFollower(days.ws)):
        each.step()
    assert len(list_runs(days.ws).items) == 5
    assert set(states(days, made).values()) == {"running"}
