"""What arrives from outside: an event once for each key, a dead letter where it can't be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from meguru.alerts.follow import AlertFollower
from meguru.alerts.show import list_alerts
from meguru.base.source_secrets import Secrets
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.testing.contracts.listeners import raw_message
from meguru.triggers import operations as triggers
from meguru.triggers.arrivals import store
from meguru.triggers.arrivals.receive import Reception, receive_raw
from meguru.triggers.arrivals.service import MAX_ERROR, Listeners, error_text
from meguru.triggers.arrivals.types import SourceArrival, short_key
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.operations import specs

pytest_plugins = ["meguru.testing.fixtures"]
ON = {"message": "mlops.retrain", "broker": "nats://127.0.0.1:1"}


def make(workspace, name="retrain", **on):
    return triggers.create(workspace, name=name, on=ON | on, action={"note": "done"})


def states(workspace, name="retrain"):
    return [each.state.value for each in triggers.history(workspace, name=name, limit=500).items]


def log(workspace, type):
    with workspace.read() as tx:
        return events.read(tx, types=(type,), limit=1000)


def letters(workspace):
    return triggers.dead_letters(workspace, name="retrain").items


def test_a_message_delivered_a_hundred_times_is_one_event_and_one_firing(workspace):
    make(workspace)
    raw = raw_message(b'{"n": 1}', key="id:a")
    done = [receive_raw(workspace, "retrain", raw) for _ in range(100)]
    assert done == [Reception.TAKEN] + [Reception.KNOWN] * 99
    Evaluator(workspace).step()
    (came,) = log(workspace, "message.received")
    assert came.subject == "trigger/retrain"
    assert came.data["body"] == {"n": 1}
    assert states(workspace) == ["fired"]


def test_what_arrives_wakes_only_the_trigger_it_came_for(workspace):
    make(workspace)
    make(workspace, name="other")
    receive_raw(workspace, "retrain", raw_message(b"1"))
    Evaluator(workspace).step()
    assert states(workspace) == ["fired"]
    assert states(workspace, "other") == []


def test_without_an_id_the_same_content_counts_again_after_a_while(workspace, clock):
    make(workspace)
    workspace.clock = clock
    raw = raw_message(b"{}", key="sha256:x", within=300.0)
    assert receive_raw(workspace, "retrain", raw) is Reception.TAKEN
    clock.move(timedelta(seconds=200))
    assert receive_raw(workspace, "retrain", raw) is Reception.KNOWN
    clock.move(timedelta(seconds=200))
    assert receive_raw(workspace, "retrain", raw) is Reception.TAKEN


def test_a_server_killed_between_receipt_and_run_fires_once(workspace):
    make(workspace)
    receive_raw(workspace, "retrain", raw_message(b"{}", key="id:a"))
    # Killed here: not acknowledged, not decided. The next server gets it again, and decides.
    assert receive_raw(workspace, "retrain", raw_message(b"{}", key="id:a")) is Reception.KNOWN
    Evaluator(workspace).step()
    Evaluator(workspace).step()
    assert states(workspace) == ["fired"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 5000 + b"]" * 5000, "too deep"),
        (b"[" * 40 + b"]" * 40, "too deep"),
        (b"9" * 400, "64 bits"),
        (b'"' + b"x" * 70_000 + b'"', "65536 bytes at most"),
        (b'{"rows": "many"}', "rows is not of type integer"),
        (b'{"rows": true}', "rows is not of type integer"),
        (b'{"table": 1}', "rows is missing"),
        (b"[1]", "rows is missing"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_and_wakes_nothing(workspace, body, why):
    make(workspace, expects={"rows": "integer"})
    done = [receive_raw(workspace, "retrain", raw_message(body, key="id:p")) for _ in range(3)]
    assert done == [Reception.REFUSED, Reception.KNOWN, Reception.KNOWN]
    (letter,) = letters(workspace)
    assert why in letter.reason
    assert letter.size == len(body)
    assert log(workspace, "message.refused")[0].data["letter"] == letter.id
    Evaluator(workspace).step()
    assert states(workspace) == []


def test_a_dead_letter_is_read_again_after_the_trigger_was_changed(workspace):
    make(workspace, expects={"rows": "integer"})
    receive_raw(workspace, "retrain", raw_message(b'{"count": 3}', key="id:p"))
    (letter,) = letters(workspace)
    with pytest.raises(InvalidInput, match="rows is missing"):
        triggers.retry_dead_letter(workspace, name="retrain", letter=letter.id)
    assert letters(workspace) == [letter]
    specs.declare(workspace, name="retrain", spec=TriggerSpec(on=ON, action={"note": "done"}))
    assert triggers.retry_dead_letter(workspace, name="retrain", letter=letter.id) is Reception.TAKEN
    assert letters(workspace) == []
    Evaluator(workspace).step()
    assert states(workspace) == ["fired"]


def test_a_dead_letter_is_dropped_and_the_log_tells_of_it(workspace):
    make(workspace)
    receive_raw(workspace, "retrain", raw_message(b"?", key="id:p"))
    (letter,) = letters(workspace)
    assert triggers.dead_letter(workspace, name="retrain", letter=letter.id).text == "?"
    triggers.drop_dead_letter(workspace, name="retrain", letter=letter.id, reason="a test")
    assert log(workspace, "message.dropped")[0].data["reason"] == "a test"
    with pytest.raises(NotFound, match="dead letter"):
        triggers.dead_letter(workspace, name="retrain", letter=letter.id)


def test_of_what_is_very_large_the_beginning_is_kept_and_it_says_so(workspace):
    make(workspace)
    receive_raw(workspace, "retrain", raw_message(b"x" * 2_000_000, key="id:p"))
    (letter,) = letters(workspace)
    assert (letter.size, letter.is_whole) == (2_000_000, False)
    with pytest.raises(Conflict, match="can't be read again"):
        triggers.retry_dead_letter(workspace, name="retrain", letter=letter.id)


def test_a_server_whose_lease_is_over_hands_nothing_over(workspace, clock):
    make(workspace)
    workspace.clock = clock
    first, second = Listeners(workspace), Listeners(workspace)
    now, until = clock.now(), clock.now() + timedelta(seconds=10)
    with workspace.db.write() as tx:
        assert store.take_lease(tx, "retrain", first.holder, now, until)
        assert not store.take_lease(tx, "retrain", second.holder, now, until)
    later = until + timedelta(seconds=1)
    with workspace.db.write() as tx:
        assert store.take_lease(tx, "retrain", second.holder, later, later + timedelta(seconds=10))
    with pytest.raises(Conflict, match="another server listens"):
        receive_raw(workspace, "retrain", raw_message(b"{}"), holder=first.holder)
    assert log(workspace, "message.received") == []
    assert receive_raw(workspace, "retrain", raw_message(b"{}"), holder=second.holder) is Reception.TAKEN


def test_a_clock_that_was_set_back_leaves_no_lease_for_a_day(workspace, clock):
    make(workspace)
    lease = timedelta(seconds=10)
    with workspace.db.write() as tx:
        assert store.take_lease(tx, "retrain", "dead", clock.now(), clock.now() + lease)
        clock.move(timedelta(seconds=-5))  # as clocks of two machines may differ
        assert not store.take_lease(tx, "retrain", "other", clock.now(), clock.now() + lease)
        clock.move(timedelta(days=-1))
        assert store.take_lease(tx, "retrain", "other", clock.now(), clock.now() + lease)


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ({"broker": "nats://me:secret@host"}, "by reference"),
        ({"broker": "nats://me:${MEGURU_SECRET_KEY}@host"}, "only those that begin with MEGURU_SOURCE_"),
        (
            {"broker": "nats://me:${AWS_SECRET_ACCESS_KEY}@host"},
            "only those that begin with MEGURU_SOURCE_",
        ),
        ({"broker": "http://host"}, "is no broker"),
        ({"broker": "host"}, "is no broker"),
        ({"message": " "}, "what to listen to"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"same_within": float("nan")}, "same_within"),
        ({"expects": {"a": "date"}}, "expects"),
        ({"format": "text", "id": "a"}, "text has no fields"),
        ({"topic": "x"}, "topic"),
    ],
)
def test_what_could_never_be_listened_to_is_refused(workspace, on, why):
    with pytest.raises(InvalidInput) as refused:
        make(workspace, **on)
    assert why in f"{refused.value.what} {refused.value.why} {refused.value.field}"


def test_secrets_are_put_in_where_it_runs_and_never_told(monkeypatch):
    monkeypatch.setenv("MEGURU_SOURCE_BROKER", "correct horse")
    secrets = Secrets()
    assert secrets.open("nats://me:${MEGURU_SOURCE_BROKER}@h", "on.broker") == "nats://me:correct horse@h"
    assert secrets.open_url("nats://me:${MEGURU_SOURCE_BROKER}@h/x", "f") == "nats://me:correct%20horse@h/x"
    assert "horse" not in secrets.hide("nats://me:correct%20horse@h")
    assert "horse" not in secrets.hide("could not log in with correct horse")
    with pytest.raises(Conflict, match="NOWHERE is not set"):
        secrets.open("${MEGURU_SOURCE_NOWHERE}", "on.broker")


def test_a_source_that_is_not_there_is_told_with_the_reason_and_others_go_on(workspace):
    make(workspace)
    service = Listeners(workspace)
    assert service.step() == 1
    with workspace.committed:
        assert workspace.committed.wait_for(lambda: _last_error(workspace), timeout=60)
    state = triggers.listener(workspace, name="retrain")
    assert state.connected_since is None
    triggers.pause(workspace, name="retrain")
    assert service.step() == 0
    assert triggers.listener(workspace, name="retrain").holder == ""
    service.close()


def _last_error(workspace):
    found = triggers.listener(workspace, name="retrain")
    return found is not None and found.last_error


def test_listeners_are_those_of_the_projects_that_one_sees(workspace):
    make(workspace)
    service = Listeners(workspace)
    service.step()
    service.close()
    assert [each.trigger for each in triggers.listeners(workspace)] == ["retrain"]
    assert triggers.listeners(workspace.with_(project="other")) == []


def test_a_key_is_kept_as_a_key_can_be():
    assert short_key("a" * 200) == "a" * 200
    assert short_key("a" * 201).startswith("sha256:")
    assert short_key("a\0b").startswith("sha256:")
    assert SourceArrival(key="k", type="t", data={}).within is None


@pytest.mark.parametrize(
    ("most", "most_bytes", "kept"),
    [(3, 10**6, "9 8 7"), (10, 250, "9 8"), (10, 299, "9 8"), (10, 300, "9 8 7"), (10, 50, "9")],
)
def test_dead_letters_are_bounded_in_number_and_in_bytes(workspace, monkeypatch, most, most_bytes, kept):
    make(workspace)
    make(workspace, "other")
    monkeypatch.setattr(store, "MAX_LETTERS", most)
    monkeypatch.setattr(store, "MAX_LETTERS_BYTES", most_bytes)
    receive_raw(workspace, "other", raw_message(b"?" * 100, key="other"))
    for number in range(10):
        receive_raw(workspace, "retrain", raw_message(b"?" * 100, key=str(number)))
    assert " ".join(each.key for each in letters(workspace)) == kept
    assert triggers.dead_letters(workspace, name="other").items


def test_of_a_list_of_dead_letters_only_what_is_shown_is_read(workspace):
    make(workspace)
    receive_raw(workspace, "retrain", raw_message(b"x" * 100_000, key="id:p"))
    read = []

    def note(connection, cursor, statement, *_):
        if "dead_letter" in statement:
            read.append(statement)

    with workspace.read() as tx:
        event.listen(tx, "before_cursor_execute", note)
        (letter,) = store.letters(tx, "retrain", limit=10)
    assert (len(letter.text), letter.size) == (2000, 100_000)
    assert "substr" in read[0]


def test_a_dead_letter_that_was_read_again_needs_nobody_any_more(workspace):
    make(workspace, expects={"rows": "integer"})
    receive_raw(workspace, "retrain", raw_message(b'{"count": 3}', key="id:p"))
    AlertFollower(workspace).step()
    assert [each.cause for each in list_alerts(workspace).items] == ["message.refused"]
    (letter,) = letters(workspace)
    specs.declare(workspace, name="retrain", spec=TriggerSpec(on=ON, action={"note": "done"}))
    triggers.retry_dead_letter(workspace, name="retrain", letter=letter.id)
    AlertFollower(workspace).step()
    assert list_alerts(workspace).items == []


def test_of_a_secret_in_an_error_nothing_is_told_wherever_it_is_cut(workspace, monkeypatch):
    monkeypatch.setenv("MEGURU_SOURCE_KEY", "s3cret" * 20)
    secrets = Secrets()
    text = "x" * (MAX_ERROR - 50) + secrets.open("${MEGURU_SOURCE_KEY}", "on.broker")
    assert "s3cret" not in error_text(ValueError(text), secrets)
