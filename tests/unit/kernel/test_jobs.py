"""Jobs: promised with the event, done by whoever lives, fenced by attempt."""

import threading
from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.errors import MAX_LONG, Busy, Interrupted, LostLease, StepFailed
from meguru.kernel.jobs import JobState, Lease, Worker, enqueue, queue
from meguru.kernel.operations import Context, operation
from meguru.testing.events import declare_events

declare_events("work.asked")


@operation("test_job.ask", permission="job:write")
def ask(ctx: Context, *, key: str, kind: str = "work") -> str:
    """Promise a job."""
    ctx.emit("work.asked", f"work/{key}")
    return enqueue(ctx, kind=kind, key=key, payload={"key": key}, max_attempts=3).id


class Handler:
    def __init__(self, *outcomes):
        self.outcomes, self.ran, self.abandoned = list(outcomes), [], []

    def run(self, ws, job, lease):
        self.ran.append((job.key, job.attempt))
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            outcome(ws, job, lease)

    def abandon(self, ws, job, why):
        self.abandoned.append((job.key, why))


class Handlers(PluginFamily):
    def __init__(self, handler):
        super().__init__("job handler", {"work": ""})
        self._loaded["work"] = handler


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        yield opened


def job(ws, job_id):
    with ws.read() as tx:
        return queue.find(tx, job_id)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def test_a_worker_rests_until_a_job_may_be_due(kind, request, tmp_path, clock):
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else tmp_path / "w"

    def rest(kinds=("work",)):
        with ws.read() as tx:
            left = queue.rest(tx, now=clock.now(), kinds=kinds)
        return left if left is None else round(left)

    settings = Settings(sqlite_synchronous="NORMAL", blobs=str(tmp_path / "blobs"))
    with open_local(url, settings=settings, clock=clock) as ws:
        assert rest() is None
        ask(ws, key="a")
        assert rest() == 0
        with ws.db.write() as tx:
            held = queue.claim(tx, owner="me", now=clock.now(), lease=timedelta(seconds=30), kinds=["work"])
        assert rest() == 30  # then its holder is dead
        with ws.db.write() as tx:
            queue.park(tx, held, clock.now() + timedelta(seconds=20))
        assert rest() == 20
        ask(ws, key="b", kind="other")
        assert (rest(), rest(["other"])) == (20, 0)  # what others do is nobody's pause but theirs
        with ws.db.write() as tx:
            held = queue.claim(tx, owner="me", now=clock.now(), lease=timedelta(seconds=30), kinds=["other"])
            queue.put_back(tx, held, clock.now() + timedelta(seconds=5), counts=True)
        assert rest() == 5


def test_a_key_promises_one_job(ws):
    assert ask(ws, key="a") == ask(ws, key="a")


def test_a_job_is_done_once(ws):
    handler = Handler()
    job_id = ask(ws, key="a")
    worker = Worker(ws, Handlers(handler))
    assert worker.run_job(job_id)
    assert not worker.run_job(job_id)
    assert (handler.ran, job(ws, job_id).state) == ([("a", 1)], JobState.DONE)


def test_an_error_we_can_explain_ends_the_job_at_once(ws):
    handler = Handler(StepFailed("broken"))
    job_id = ask(ws, key="a")
    Worker(ws, Handlers(handler)).run_job(job_id)
    assert job(ws, job_id).state is JobState.FAILED
    assert handler.abandoned == [("a", "StepFailed: broken")]


def test_an_accident_is_tried_again_later_and_then_given_up(ws, clock):
    handler = Handler(*[ValueError("odd")] * 3)
    job_id = ask(ws, key="a")
    worker = Worker(ws, Handlers(handler))
    for _ in range(5):
        worker.run_job(job_id)
        clock.move(timedelta(minutes=1))
    assert [attempt for _, attempt in handler.ran] == [1, 2, 3]
    assert job(ws, job_id).state is JobState.FAILED
    assert len(handler.abandoned) == 1


def test_a_thread_that_waits_hears_of_a_job_that_is_to_be_tried_again(ws):
    job_id = ask(ws, key="a")
    seen = ws.watch.notification_count(queue.CHANNEL)
    assert Worker(ws, Handlers(Handler(OSError("away")))).run_job(job_id)
    assert job(ws, job_id).state is JobState.QUEUED
    assert ws.watch.notification_count(queue.CHANNEL) > seen


def test_an_interrupted_job_is_put_back_and_the_attempt_does_not_count(ws):
    handler = Handler(Interrupted("stop"))
    job_id = ask(ws, key="a")
    with ws.db.write() as tx:
        held = queue.claim(tx, owner="w", now=ws.clock.now(), lease=timedelta(seconds=9), kinds=["work"])
    Worker(ws, Handlers(handler))._do(held)
    assert (job(ws, job_id).state, job(ws, job_id).attempt) == (JobState.QUEUED, 0)


def test_a_dead_workers_job_is_taken_over_when_its_lease_runs_out(ws, clock):
    job_id = ask(ws, key="a")
    with ws.db.write() as tx:
        dead = queue.claim(tx, owner="dead", now=ws.clock.now(), lease=timedelta(seconds=10), kinds=["work"])
    handler = Handler()
    worker = Worker(ws, Handlers(handler))
    assert not worker.run_job(job_id)
    clock.move(timedelta(seconds=11))
    assert worker.run_job(job_id)
    assert handler.ran == [("a", 2)]
    with pytest.raises(LostLease), ws.db.write() as tx:
        Lease(ws, dead, 10, threading.Event()).check(tx)
    with ws.db.write() as tx:
        assert not queue.finish(tx, dead, JobState.FAILED, ws.clock.now())


def test_a_job_whose_worker_dies_each_time_is_given_up(ws, clock):
    job_id = ask(ws, key="a")
    for _ in range(3):
        with ws.db.write() as tx:
            queue.claim(tx, owner="dead", now=ws.clock.now(), lease=timedelta(seconds=10), kinds=["work"])
        clock.move(timedelta(seconds=11))
    handler = Handler()
    Worker(ws, Handlers(handler)).run_job(job_id)
    assert handler.ran == []
    assert job(ws, job_id).state is JobState.FAILED
    assert len(handler.abandoned) == 1


def test_a_cancelled_job_loses_its_lease_and_is_abandoned(ws):
    def cancel(ws, job, lease):
        with ws.db.write() as tx:
            queue.cancel(tx, "work", job.key, ws.clock.now())
        with ws.db.write() as tx:
            lease.check(tx)

    handler = Handler(cancel)
    job_id = ask(ws, key="a")
    Worker(ws, Handlers(handler)).run_job(job_id)
    assert job(ws, job_id).state is JobState.CANCELLED
    assert handler.abandoned == [("a", "it was cancelled")]


def test_a_started_worker_does_what_is_promised_later(tmp_path):
    done = threading.Event()
    with open_local(tmp_path / "w") as ws:
        worker = Worker(ws, Handlers(Handler(lambda *_: done.set())), threads=2)
        worker.start()
        ask(ws, key="later")
        assert done.wait(60)
        worker.stop()


def test_a_busy_place_is_tried_again(ws, clock):
    handler = Handler(Busy("later"))
    job_id = ask(ws, key="a")
    worker = Worker(ws, Handlers(handler))
    worker.run_job(job_id)
    clock.move(timedelta(minutes=1))
    worker.run_job(job_id)
    assert (job(ws, job_id).state, len(handler.ran)) == (JobState.DONE, 2)


def test_what_the_job_was_for_ends_before_the_job_does(ws, clock):
    class Dies(Handler):
        def abandon(self, ws, job, why):
            super().abandon(ws, job, why)
            raise KeyboardInterrupt

    handler = Dies(StepFailed("broken"), StepFailed("broken"))
    job_id = ask(ws, key="a")
    with pytest.raises(KeyboardInterrupt):
        Worker(ws, Handlers(handler)).run_job(job_id)
    assert job(ws, job_id).state is JobState.RUNNING
    clock.move(timedelta(minutes=1))
    with pytest.raises(KeyboardInterrupt):
        Worker(ws, Handlers(handler)).run_job(job_id)
    assert len(handler.abandoned) == 2


def test_a_draining_worker_claims_nothing_more(ws):
    job_id = ask(ws, key="a")
    worker = Worker(ws, Handlers(Handler()))
    worker.stopping.set()
    assert not worker.run_job(job_id)
    assert job(ws, job_id).state is JobState.QUEUED


def test_a_job_is_seen_through_its_later_attempts(tmp_path):
    handler = Handler(ValueError("odd"))
    with open_local(tmp_path / "w") as ws:
        job_id = ask(ws, key="a")
        assert Worker(ws, Handlers(handler)).run_to_end(job_id)
        assert (job(ws, job_id).state, len(handler.ran)) == (JobState.DONE, 2)


def test_a_lease_runs_from_the_moment_at_which_the_turn_to_write_came(ws, clock):
    ask(ws, key="a")
    wait = timedelta(seconds=ws.settings.lease_seconds * 3)
    for hold in ("claim", "beat"):
        writing, go_on = threading.Event(), threading.Event()

        def busy(writing=writing, go_on=go_on):
            with ws.db.write():
                writing.set()
                assert go_on.wait(60)
                clock.move(wait)

        other = threading.Thread(target=busy)
        other.start()
        assert writing.wait(60)
        threading.Timer(0.2, go_on.set).start()  # by then ours has asked for its turn
        if hold == "claim":
            held = Worker(ws, Handlers(Handler()))._claim()
        else:
            Lease(ws, held, ws.settings.lease_seconds, threading.Event()).heartbeat()
        other.join(60)
        assert job(ws, held.id).lease_until == clock.now() + timedelta(seconds=ws.settings.lease_seconds)


def test_while_a_job_is_given_up_its_lease_is_kept(ws):
    class Slow(Handler):
        def abandon(self, ws, job, why):
            self.beating = [
                each.name for each in threading.enumerate() if each.name == f"lease-{job.id[-6:]}"
            ]

    handler = Slow(StepFailed("broken"))
    Worker(ws, Handlers(handler)).run_job(ask(ws, key="a"))
    assert len(handler.beating) == 1


def test_what_is_kept_of_an_error_holds_no_secret_and_is_short(ws):
    job_id = ask(ws, key="a")
    error = ValueError("postgresql://me:secret@host/db \0 \ud800" + "x" * 10_000)
    Worker(ws, Handlers(Handler(error))).run_job(job_id)
    kept = job(ws, job_id).error
    assert kept.startswith("ValueError: postgresql://me:***@host/db")
    assert len(kept) <= MAX_LONG
