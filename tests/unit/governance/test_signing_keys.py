"""Signing keys: whose they are, when they were good, and how the server's is kept."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta

import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.base.settings import load_settings
from meguru.governance.principals import create_principal
from meguru.governance.signing_keys import store
from meguru.governance.signing_keys.people import add, list_keys, revoke
from meguru.governance.signing_keys.proof import prove
from meguru.governance.signing_keys.server import KeySealer, ensure_server_key, rotate, server_key
from meguru.governance.signing_keys.standing import key_at
from meguru.governance.standing import standing
from meguru.kernel.events import read as read_events
from meguru.kernel.secret_keys import FILE
from meguru.signing.keys import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", clock=clock) as opened:
        create_principal(opened, name="sato", role="data-scientist")
        create_principal(opened, name="kato", role="engineer")
        create_principal(opened, name="robot", role="engineer", kind="service")
        yield opened


def acting(ws, name):
    with ws.read() as tx:
        return ws.with_(principal=standing(tx, name))


def add_key(ws, name, key=KEY, **more):
    return add(acting(ws, name), public=key.public.text, proof=prove(key, name), **more)


def test_one_adds_a_key_that_one_holds_and_nobody_adds_anothers(ws):
    made = add_key(ws, "sato", note="laptop")
    assert (made.owner, made.is_person, made.id) == ("sato", True, KEY.public.id)
    assert add_key(ws, "sato") == made
    with pytest.raises(errors.InvalidInput, match="can't be added"):
        add(acting(ws, "kato"), public=KEY.public.text, proof=prove(KEY, "sato"))
    with pytest.raises(errors.Conflict, match="known already"):
        add_key(ws, "kato")
    assert [each.owner for each in list_keys(ws)] == ["sato"]


def test_the_key_of_a_service_is_no_persons(ws):
    assert not add_key(ws, "robot").is_person


def test_a_token_for_something_else_adds_no_key(ws):
    narrow = acting(ws, "sato").principal
    narrow = type(narrow)(
        name="sato", permissions=narrow.permissions, kind="user", scope=frozenset({"run:write"})
    )
    with pytest.raises(errors.Forbidden):
        add(ws.with_(principal=narrow), public=KEY.public.text, proof=prove(KEY, "sato"))


def test_what_a_key_signed_is_good_from_when_it_was_added_until_it_is_revoked(ws, clock):
    made, start = add_key(ws, "sato"), clock.now()
    clock.move(timedelta(days=2))
    with pytest.raises(errors.Forbidden):
        revoke(acting(ws, "kato"), id=made.id, reason="I want it so")
    done = revoke(acting(ws, "sato"), id=made.id[:12], reason="laptop lost", since=start + timedelta(days=1))
    assert done.revoked_by == "sato"
    with ws.read() as tx:
        faults = {
            days: key_at(tx, made.id, start + timedelta(days=days)).why for days in (-0.1, 0, 0.9, 1, 2)
        }
        assert key_at(tx, "0" * 64, start) is None
    assert [days for days, why in faults.items() if not why] == [0, 0.9]
    assert "laptop lost" in faults[1]
    assert "known since" in faults[-0.1]
    with pytest.raises(errors.Conflict, match="was revoked"):
        add_key(ws, "sato")


def test_an_owner_revokes_any_key_and_says_why_and_not_ahead_of_time(ws, clock):
    made = add_key(ws, "sato")
    with pytest.raises(errors.InvalidInput):
        revoke(ws, id=made.id, reason=" ")
    with pytest.raises(errors.InvalidInput):
        revoke(ws, id=made.id, reason="later", since=clock.now() + timedelta(hours=1))
    assert revoke(ws, id=made.id, reason="left the company").revoked_by == "local"
    assert revoke(ws, id=made.id, reason="again").reason == "left the company"


def test_of_two_that_revoke_at_once_the_earlier_moment_counts(ws, clock):
    made, stolen = add_key(ws, "sato"), clock.now()
    with ws.db.write() as tx:
        for since in (stolen, stolen + timedelta(days=1)):
            store.revoke(tx, made.id, since=since, by="sato", reason="stolen")
        assert store.get(tx, made.id).revoked_at == stolen


def test_the_servers_key_is_made_once_though_many_ask_at_once_and_stands_nowhere_in_clear(ws):
    found = []
    threads = [threading.Thread(target=lambda: found.append(ensure_server_key(ws))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({key.public for key in found}) == 1
    with ws.read() as tx:
        assert [each.type for each in read_events(tx, types=["signing_key.created"])] == [
            "signing_key.created"
        ]
        assert server_key(ws, tx).public == found[0].public
    with closing(sqlite3.connect(ws.root / "meguru.db")) as raw:
        assert found[0].seed.hex() not in "\n".join(raw.iterdump())


def test_a_rotated_key_signs_no_more_and_what_it_signed_stays_good(ws, clock):
    before, then = ensure_server_key(ws).public, clock.now()
    clock.move(timedelta(days=1))
    after = rotate(ws, reason="yearly")
    clock.move(timedelta(days=1))
    assert ensure_server_key(ws).public.id == after.id != before.id
    with ws.read() as tx:
        assert not key_at(tx, before.id, then).why
        assert "retired" in key_at(tx, before.id, clock.now()).why


def test_a_lost_secret_key_is_told_and_a_new_signing_key_helps(ws):
    ensure_server_key(ws)
    kept = (ws.root / FILE).read_text()
    (ws.root / FILE).unlink()
    with pytest.raises(errors.Conflict) as caught:
        ensure_server_key(ws)
    assert "meguru key rotate" in caught.value.hint
    (ws.root / FILE).write_text(kept)
    ensure_server_key(ws)
    (ws.root / FILE).unlink()
    assert rotate(ws).id == ensure_server_key(ws).public.id


def test_a_server_seals_its_key_with_the_newest_secret_key(tmp_path):
    old, new = "an old phrase of many letters", "a new phrase of many letters"
    with open_local(tmp_path / "w", settings=load_settings({}, secret_key=old)) as ws:
        made = ensure_server_key(ws).public
    with open_local(tmp_path / "w", settings=load_settings({}, secret_key=f"{new},{old}")) as ws:
        KeySealer(ws).run(threading.Event())
    with open_local(tmp_path / "w", settings=load_settings({}, secret_key=new)) as ws:
        assert ensure_server_key(ws).public == made


def test_a_sealed_key_that_was_moved_to_another_row_is_refused(ws):
    ensure_server_key(ws)
    with ws.db.write() as tx:
        (record, sealed) = store.present_server_key(tx, "ed25519")
        store.retire(tx, record.id, ws.clock.now())
        other = SigningKey.generate().public
        fake = type(record)(
            id=other.id,
            owner="",
            owner_kind="server",
            algorithm="ed25519",
            public=other.text,
            created_at=ws.clock.now(),
        )
        store.add(tx, fake, sealed)
    with pytest.raises(errors.Conflict, match="can't be opened"):
        ensure_server_key(ws)
