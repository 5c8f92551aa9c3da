"""The page of triggers: limits, what is owed, what comes next, and what would have been."""

from __future__ import annotations

from datetime import timedelta

from meguru.kernel import events
from meguru.testing.actions import install
from meguru.triggers import operations as triggers
from meguru.triggers.arrivals import store
from meguru.triggers.arrivals.receive import receive_raw
from meguru.triggers.arrivals.types import RawArrival
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.types import TriggerBudget

install()


def test_it_shows_limits_and_what_is_owed_and_foresees_without_writing(browser, workspace, clock):
    workspace.clock = clock
    limits = {"cooldown": 3600, "budget": TriggerBudget(runs=5, per="month"), "filter": "reason != '<b>'"}
    on = {"event": "trigger.paused"}
    triggers.create(workspace, name="watch", on=on, action={"note": "done"}, **limits)
    triggers.create(workspace, name="other", on={"cron": "0 2 * * *"}, action={"note": "done"})
    for reason in ("first", "second", "<b>"):
        clock.move(timedelta(minutes=1))
        triggers.pause(workspace, name="other", reason=reason)
        triggers.resume(workspace, name="other")
        Evaluator(workspace).step()
    page = browser.get("/ui/triggers").text
    filtered = "reason != &#39;&lt;b&gt;&#39;"
    for said in ("5 runs a month", filtered, "rests until", "filtered out", "acts for"):
        assert said in page
    with workspace.read() as tx:
        before = events.head(tx)
    page = browser.get("/ui/triggers?name=watch&test=1").text
    assert "3 events and moments were looked at" in page
    assert "would fire" in page
    assert "2026-03-02T02:00:00+00:00" in browser.get("/ui/triggers?name=other").text
    with workspace.read() as tx:
        assert events.head(tx) == before


def test_it_tells_how_listening_goes_and_what_could_not_be_read(workspace, browser):
    on = {"message": "mlops.retrain", "broker": "nats://me:${MEGURU_SOURCE_NATS}@127.0.0.1:1"}
    triggers.create(workspace, name="listens", on=on, action={"note": "done"})
    raw = RawArrival(key="id:1", source="mlops.retrain", body=b"<script>")
    receive_raw(workspace, "listens", raw)
    page = browser.get("/ui/triggers").text
    assert "1 dead letters" in page
    assert "not connected" not in page  # nobody began to listen
    now = workspace.clock.now()
    with workspace.db.write() as tx:
        store.take_lease(tx, "listens", "me", now, now)
        store.update_listener(tx, "listens", "me", {"last_error": "refused: <b>", "last_error_at": now})
    page = browser.get("/ui/triggers").text
    assert "not connected" in page
    assert "refused: &lt;b&gt;" in page
    with workspace.db.write() as tx:
        store.update_listener(tx, "listens", "me", {"connected_since": now})
    assert "connected since" in browser.get("/ui/triggers").text
    japanese = browser.get("/ui/triggers", headers={"Accept-Language": "ja"}).text
    assert "デッドレター1件" in japanese
