from __future__ import annotations

import threading
from datetime import UTC, datetime

import msgspec
import pytest

from meguru.errors import Busy, Conflict, InternalError
from meguru.predictions import counts, ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.predictions.writer import Writer

MARCH = datetime(2013, 3, 1, tzinfo=UTC)


def batch(**given):
    content = payload.make({"x": "double"}, {"x": [1.0]}, [0.5], [MARCH])
    return PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=MARCH,
        first_time=MARCH,
        last_time=MARCH,
        n=1,
        payload=payload.pack(content),
        **given,
    )


@pytest.fixture
def writer(workspace):
    made = Writer(workspace.db)
    yield made
    made.close()


def submit(writer, batches):
    """Submit all and wait until each is answered; return the answers in order of submission."""
    answers: dict[int, object] = {}
    finished = threading.Semaphore(0)
    for index, each in enumerate(batches):

        def done(error, index=index):
            answers[index] = error
            finished.release()

        writer.submit(each, done)
    for _ in batches:
        assert finished.acquire(timeout=60)
    return [answers[index] for index in range(len(batches))]


def test_a_batch_is_durable_when_its_caller_hears_of_it(workspace, writer):
    seen = []
    finished = threading.Event()
    one = batch()

    def done(error):
        with workspace.read() as tx:
            seen.append((error, store.get(tx, one.id)))
        finished.set()

    writer.submit(one, done)
    assert finished.wait(60)
    assert seen == [(None, one)]


def test_batches_that_wait_share_a_commit(workspace, writer):
    with workspace.db.write():  # the database is taken, so that all but the first wait together
        threads = [threading.Thread(target=submit, args=(writer, [batch()])) for _ in range(20)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(60)
    with workspace.read() as tx:
        assert counts.totals(tx, "delay").predictions == 20


def test_a_repeated_key_is_a_conflict_and_its_neighbours_are_written(workspace, writer):
    first, again, other = batch(key="a"), batch(key="a"), batch(key="b")
    answers = submit(writer, [first, again, other, batch()])
    assert isinstance(answers[1], Conflict)
    assert [answers[0], *answers[2:]] == [None, None, None]
    with workspace.read() as tx:
        assert store.by_key(tx, "delay", "a") == first
        assert counts.totals(tx, "delay").requests == 3


def test_the_same_key_at_two_endpoints_is_two_requests(writer):
    other = msgspec.structs.replace(batch(key="a"), endpoint="other")
    assert submit(writer, [batch(key="a"), other]) == [None, None]


def test_a_closed_writer_has_written_all_it_took_and_takes_no_more(workspace):
    writer = Writer(workspace.db)
    submitted = [batch() for _ in range(50)]
    for each in submitted:
        writer.submit(each, lambda error: None)
    writer.close()
    with workspace.read() as tx:
        assert counts.totals(tx, "delay").requests == 50
    assert isinstance(submit(writer, [batch()])[0], Busy)


def test_what_can_not_be_stored_is_told_and_the_writer_goes_on_with_its_neighbours(writer):
    odd = msgspec.structs.replace(batch(), rows=[("\ud800", MARCH)])  # half a character: no database takes it
    answers = submit(writer, [batch(), odd, batch()])
    assert isinstance(answers[1], InternalError)
    assert [answers[0], answers[2]] == [None, None]
    assert submit(writer, [batch()]) == [None]


def test_a_caller_that_fails_keeps_nobody_from_hearing(writer):
    def fails(error):
        raise RuntimeError

    writer.submit(batch(), fails)
    assert submit(writer, [batch()]) == [None]
