"""The counts of an endpoint are those of what is stored, at the same price for a long history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from meguru.predictions import counts, store
from meguru.predictions.operations import record
from meguru.predictions.schema import prediction_count
from meguru.predictions.types import OutcomeInput, Totals

APRIL = datetime(2013, 4, 1, tzinfo=UTC)


def totals(workspace, endpoint="delay"):
    with workspace.read() as tx:
        return counts.totals(tx, endpoint)


def test_an_endpoint_that_never_answered_has_nothing(workspace):
    assert totals(workspace) == Totals()


def test_predictions_requests_and_the_last_are_counted_for_each_endpoint(workspace, answered):
    first = answered(3)
    answered(2, endpoint="other")
    answered(4)
    found = totals(workspace)
    assert (found.predictions, found.requests, found.last_received_at) == (7, 2, first.received_at)
    assert totals(workspace, "other").predictions == 2


def test_batches_of_one_commit_are_counted_together(workspace, answered):
    late = answered(1)
    with workspace.db.write() as tx:
        store.add(tx, [msgspec.structs.replace(late, id=f"pred-{index}") for index in range(5)])
    assert totals(workspace).requests == 6


def test_what_is_rolled_back_is_not_counted(workspace, answered):
    batch = answered(2)
    with pytest.raises(IntegrityError), workspace.db.write() as tx:
        store.add(tx, [batch])
    assert totals(workspace).requests == 1


def test_an_outcome_counts_once_however_often_it_is_corrected(workspace, answered):
    batch = answered(3)

    def known(row, value, days=0):
        at = APRIL + timedelta(days=days)
        return OutcomeInput(prediction_id=f"{batch.id}.{row}", value=value, at=at)

    record(workspace, endpoint="delay", outcomes=[known(0, 1.0), known(1, 0.0)])
    assert totals(workspace).outcomes == 2
    record(workspace, endpoint="delay", outcomes=[known(0, 0.0, 1), known(2, 1.0)])
    record(workspace, endpoint="delay", outcomes=[known(0, 1.0, -1)])
    assert totals(workspace).outcomes == 3


def test_what_several_servers_counted_is_added_up(workspace, answered):
    answered(3)
    with workspace.db.write() as tx:
        [mine] = tx.execute(select(prediction_count)).mappings()
        later = APRIL + timedelta(days=9)
        tx.execute(insert(prediction_count).values({**mine, "shard": 99, "last_received_at": later}))
    found = totals(workspace)
    assert (found.predictions, found.requests, found.last_received_at) == (6, 2, later)


def take(workspace, endpoint="delay"):
    with workspace.db.write() as tx:
        return counts.take_touched_span(tx, endpoint)


def test_the_event_times_that_were_touched_are_taken_once(workspace, answered):
    batch = answered(3)
    assert take(workspace) == (batch.first_time, batch.last_time)
    assert take(workspace) is None
    record(workspace, endpoint="delay", outcomes=[OutcomeInput(prediction_id=f"{batch.id}.1", value=1.0)])
    assert take(workspace) == (batch.first_time, batch.last_time)
    assert take(workspace, "other") is None


def test_an_outcome_that_is_no_news_touches_nothing(workspace, answered):
    batch = answered(3)
    outcome = OutcomeInput(prediction_id=f"{batch.id}.1", value=1.0, at=APRIL)
    record(workspace, endpoint="delay", outcomes=[outcome])
    take(workspace)
    record(workspace, endpoint="delay", outcomes=[outcome])
    assert take(workspace) is None


def test_how_far_the_world_is_comes_from_senders_and_not_from_receipt(workspace, answered):
    batch = answered(3)

    def arrived():
        with workspace.read() as tx:
            return counts.arrivals(tx, "delay")["delay"]

    record(workspace, endpoint="delay", outcomes=[OutcomeInput(prediction_id=f"{batch.id}.0", value=1.0)])
    assert (arrived().known_until, arrived().last_time) == (None, batch.last_time)
    told = OutcomeInput(prediction_id=f"{batch.id}.1", value=1.0, at=APRIL)
    record(workspace, endpoint="delay", outcomes=[told])
    assert arrived().known_until == APRIL
    assert arrived().requests == 1


def test_a_span_that_is_touched_while_another_is_taken_is_in_the_next_one(workspace, answered):
    first = answered(1)

    class Meanwhile:
        """A transaction that sees, as on PostgreSQL, what another one commits between its statements."""

        def __init__(self, tx):
            self._tx, self.dialect = tx, tx.dialect

        def execute(self, statement, *given):
            found = self._tx.execute(statement, *given)
            if statement.is_select:
                found = list(found)
                values = dict.fromkeys(("predictions", "requests", "outcomes"), 0)
                touched = {"touched_from": APRIL, "touched_until": APRIL}
                row = {"endpoint": "delay", "shard": 99, **values, **touched}
                self._tx.execute(insert(prediction_count), row)
            return found

    with workspace.db.write() as tx:
        assert counts.take_touched_span(Meanwhile(tx), "delay") == (first.first_time, first.last_time)
        assert counts.take_touched_span(tx, "delay") == (APRIL, APRIL)
