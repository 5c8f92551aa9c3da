"""Indexes that hold a part of their table's rows are used by the statements that they are made for."""

import pytest
from sqlalchemy import select, text

from meguru.kernel.events.schema import event
from meguru.pipelines import runs
from meguru.pipelines.types import StepRun, StepState


@pytest.fixture
def asked(workspace):
    """Return the statements that are sent to the database."""
    sent = []
    with workspace.read() as tx:
        tx.connection.driver_connection.set_trace_callback(sent.append)
        yield tx, sent
        tx.connection.driver_connection.set_trace_callback(None)


def plan_of(tx, statement):
    return " ".join(row[3] for row in tx.execute(text(f"EXPLAIN QUERY PLAN {statement}")))


def test_what_an_event_led_to_is_found_by_its_index(asked):
    tx, sent = asked
    tx.execute(select(event).where(event.c.cause.in_(["evt-1", "evt-2"]))).all()
    assert "ix_event_cause (cause=?)" in plan_of(tx, sent[-1])


def test_kept_outputs_are_found_by_their_index(asked):
    tx, sent = asked
    newest = StepRun(id="r.s", run="r", pipeline="p", step="s", state=StepState.SUCCEEDED, key="k")
    runs.newest_computed(tx, ["k", "l"])
    assert "ix_step_run_key_id (key=?)" in plan_of(tx, sent[-1])
    list(runs.computed(tx, newest))
    assert "ix_step_run_key_id (key=? AND id<?)" in plan_of(tx, sent[-1])
