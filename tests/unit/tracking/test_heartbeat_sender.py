"""What the thread beside a run does."""

from __future__ import annotations

import threading

import pytest

from meguru.app.open import open_local
from meguru.errors import Busy, Conflict, InternalError, TimedOut
from meguru.tracking import session
from meguru.tracking.heartbeat_sender import is_refusal
from meguru.tracking.operations import finish, show
from meguru.tracking.sdk import ActiveRun

WAIT = 30


class Watched:
    """A workspace whose operations can be awaited, and which can be away."""

    def __init__(self, ws):
        self.ws, self.blobs, self.project, self.away = ws, ws.blobs, ws.project, threading.Event()
        self.done, self.refused, self.asked = [], 0, threading.Condition()

    def with_(self, *, project=None, idempotency_key=None):
        view = Watched.__new__(Watched)
        within = self.ws.with_(project=project, idempotency_key=idempotency_key)
        view.__dict__ = {**self.__dict__, "ws": within, "root": getattr(self, "root", self)}
        return view

    def execute(self, operation, arguments):
        root = getattr(self, "root", self)
        if root.away.is_set():
            with self.asked:
                root.refused += 1
                self.asked.notify_all()
            raise Busy("the server does not answer")
        try:
            return self.ws.execute(operation, arguments)
        finally:
            with self.asked:
                root.done.append(operation.name)
                self.asked.notify_all()

    def seen(self, count, what):
        """Wait until an operation was asked for so many times."""
        with self.asked:
            return self.asked.wait_for(lambda: self.done.count(what) >= count, WAIT)

    def refusals(self, count):
        with self.asked:
            return self.asked.wait_for(lambda: self.refused >= count, WAIT)

    def close(self):
        pass


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(session, "BEAT_SECONDS", 0.02)
    with open_local(tmp_path / "workspace") as ws:
        watched = Watched(ws)
        watched.spool = tmp_path / "spool"
        yield watched


def pulses():
    return [thread for thread in threading.enumerate() if thread.name == "run-pulse"]


def test_what_is_buffered_is_sent_though_nothing_more_is_logged(place):
    with ActiveRun(lambda: place, spool=place.spool) as r:
        r.log(auc=0.5)
        assert place.seen(1, "run.log")
        assert show(place.ws, run=r.id).metrics["auc"].count == 1


def test_a_run_asks_for_a_lease_and_beats_until_it_ends(place):
    with ActiveRun(lambda: place, spool=place.spool) as r:
        assert r.info.lease == session.LEASE_SECONDS
        assert place.seen(3, "run.beat")
        assert len(pulses()) == 1
    assert pulses() == []
    assert "run.log" not in place.done  # nothing was buffered


def test_a_server_that_is_away_delays_points_and_beats_but_loses_none(place):
    with ActiveRun(lambda: place, spool=place.spool) as r:
        place.away.set()
        for _ in range(2500):
            r.log(auc=0.5)
        assert place.refusals(3)
        place.away.clear()
        beaten = place.done.count("run.beat")
        assert place.seen(beaten + 1, "run.beat")
    found = show(place.ws, run=r.id)
    assert (found.state, found.metrics["auc"].count) == ("succeeded", 2500)


def test_a_run_that_somebody_ended_is_told_at_its_end_when_it_is_strict(place):
    strict = ActiveRun(lambda: place, spool=place.spool, strict=True)
    with pytest.raises(Conflict, match="is over"), strict as r:  # noqa: PT012
        finish(place.ws, run=r.id, state="failed", error="stopped by hand")
        (pulse,) = pulses()
        pulse.join(WAIT)  # its beat is refused
        r.log(auc=0.5)
    assert pulses() == []


def test_a_run_that_somebody_ended_does_not_break_the_block(place, caplog):
    with ActiveRun(lambda: place, spool=place.spool) as r:
        finish(place.ws, run=r.id, state="failed", error="stopped by hand")
        r.log(auc=0.5)
    assert "is over" in caplog.text
    assert show(place.ws, run=r.id).metrics == {}
    (kept,) = place.spool.glob("spool-*")  # what was refused is not thrown away
    assert "is over" in (kept / "refused").read_text()


def test_what_comes_after_a_run_was_swept_as_silent_is_kept_and_ends_it_as_it_ended(place):
    with ActiveRun(lambda: place, spool=place.spool) as r:
        finish(place.ws, run=r.id, state="failed", error="its process went silent")
        r.log(auc=0.5)
    found = show(place.ws, run=r.id)
    assert (found.state, found.error, found.metrics["auc"].count) == ("succeeded", "", 1)


def test_only_what_would_be_refused_again_ends_the_beating():
    assert is_refusal(Conflict("the run is over"))
    assert not any(map(is_refusal, (Busy("away"), TimedOut("late"), InternalError("a bug"), OSError())))
