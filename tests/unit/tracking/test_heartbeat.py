from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.errors import Conflict, Forbidden, InvalidInput
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.tracking.operations import beat, finish, list_runs, log, show, start, sweep
from meguru.tracking.types import MetricPoint

POINT = [MetricPoint(key="auc", value=0.5)]


@pytest.fixture
def place(tmp_path, clock):
    with open_local(tmp_path / "workspace", clock=clock) as ws:
        yield ws


def passing(clock, seconds):
    clock.move(timedelta(seconds=seconds))


def finished(ws):
    with ws.read() as tx:
        return [(event.subject, event.data["state"]) for event in events.read(tx, types=("run.finished",))]


def listed(ws, state):
    return [run.id for run in list_runs(ws, state=state).items]


def test_a_run_whose_lease_ran_out_is_shown_as_interrupted_at_once(place, clock):
    run = start(place, lease=60)
    assert run.alive_until == clock.now() + timedelta(seconds=60)
    passing(clock, 60)
    assert show(place, run=run.id).state == "running"
    passing(clock, 0.001)
    assert show(place, run=run.id).state == "interrupted"
    assert (listed(place, "interrupted"), listed(place, "running")) == ([run.id], [])
    assert list_runs(place).items[0].state == "interrupted"


def test_a_run_without_a_lease_runs_until_it_is_finished(place, clock):
    run = start(place)
    beat(place, run=run.id)
    passing(clock, 1e7)
    assert sweep(place) == []
    assert show(place, run=run.id).state == "running"
    assert listed(place, "running") == [run.id]


@pytest.mark.parametrize(
    "sign", [lambda ws, run: beat(ws, run=run), lambda ws, run: log(ws, run=run, metrics=POINT)]
)
def test_a_beat_and_a_log_start_the_lease_anew_even_when_they_are_late(place, clock, sign):
    run = start(place, lease=60)
    for seconds in (50, 50, 70):
        passing(clock, seconds)
        sign(place, run.id)
        found = show(place, run=run.id)
        assert (found.state, found.alive_until) == ("running", clock.now() + timedelta(seconds=60))
    assert sweep(place) == []


def test_a_log_does_not_write_a_lease_that_is_still_fresh(place, clock):
    run = start(place, lease=60)
    passing(clock, 10)
    log(place, run=run.id, metrics=POINT)
    assert show(place, run=run.id).alive_until == run.alive_until
    beat(place, run=run.id)
    assert show(place, run=run.id).alive_until == clock.now() + timedelta(seconds=60)


def test_a_sweep_ends_silent_runs_once_and_leaves_the_others(place, clock):
    silent, alive = start(place, lease=60), start(place, lease=600)
    over = finish(place, run=start(place, lease=60).id)
    passing(clock, 90)
    swept = sweep(place)
    assert [(run.id, run.state, run.error) for run in swept] == [
        (silent.id, "failed", "its process went silent")
    ]
    assert swept == [show(place, run=silent.id)]
    assert swept[0].finished_at == silent.alive_until
    assert sweep(place) == []
    assert finished(place) == [(over.ref, "succeeded"), (silent.ref, "failed")]
    assert show(place, run=alive.id).state == "running"
    assert show(place, run=over.id) == over


def test_a_sweep_without_silent_runs_writes_nothing(place):
    start(place, lease=60)
    with place.db.write(), place.read() as tx:  # a writer would have to wait
        before = events.head(tx)
        assert sweep(place) == []
    with place.read() as tx:
        assert events.head(tx) == before


def test_a_swept_run_refuses_what_comes_too_late_and_says_why(place, clock):
    run = start(place, lease=60)
    passing(clock, 61)
    sweep(place)
    for late in (
        lambda: log(place, run=run.id, metrics=POINT),
        lambda: beat(place, run=run.id),
        lambda: finish(place, run=run.id),
    ):
        with pytest.raises(Conflict, match="is over") as caught:
            late()
        assert "its process went silent" in caught.value.why
    assert show(place, run=run.id).metrics == {}


def test_an_interrupted_run_can_still_be_finished(place, clock):
    run = start(place, lease=60)
    passing(clock, 61)
    assert finish(place, run=run.id).state == "succeeded"
    assert sweep(place) == []


@pytest.mark.parametrize("lease", [0, -1, 0.5, 86_401, 1e300])
def test_a_lease_is_a_second_to_a_day(place, lease):
    with pytest.raises(InvalidInput) as caught:
        start(place, lease=lease)
    assert caught.value.field == "lease"


def test_a_sweep_needs_the_right_to_change_runs(place):
    reader = Principal(name="reader", permissions=frozenset({"*:read"}))
    with pytest.raises(Forbidden):
        sweep(place.with_(principal=reader))
