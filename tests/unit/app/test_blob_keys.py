"""Encryption is turned on where small blobs wait in the database, and goes past what is damaged."""

from __future__ import annotations

import pytest

from meguru.app.blob_keys import state_of, turn_on, under_present_key
from meguru.app.open import open_local
from meguru.errors import DigestMismatch, UsageError
from meguru.storage.blobs import pending
from meguru.storage.blobs.pending import count_pending


def put(ws, data):
    digest = pending.write(ws.blobs, data)
    with ws.db.write() as tx:
        pending.record(tx, ws.blobs, digest, data)
    return digest


def encrypted(ws, folder):
    turn_on(ws, f"file:{folder / 'keys' / 'blob.key'}")
    ws.close()
    return open_local(ws.root)


def test_no_copy_in_clear_stays_in_the_database(tmp_path):
    with open_local(tmp_path / "w") as ws:
        put(ws, b"anna@example.com")
        again = encrypted(ws, tmp_path)
    with again as ws, ws.read() as tx:
        assert count_pending(tx) == 0


def test_what_a_killed_server_left_in_the_database_is_settled_encrypted(tmp_path):
    with open_local(tmp_path / "w") as ws:
        again = encrypted(ws, tmp_path)
    with again as ws:
        with ws.db.write() as tx:
            tx.execute(pending.pending_blob.insert().values(digest="0" * 64, data=b"anna@example.com"))
        assert pending.flush(ws.db, ws.blobs) == 1
        assert state_of(ws).blobs == {ws.blobs.wrapper.id: 1}


def test_a_damaged_blob_stops_no_other(tmp_path):
    with open_local(tmp_path / "w") as ws:
        bad, good = sorted(ws.blobs.put_bytes(each) for each in (b"one", b"two"))
        place = ws.blobs.path(bad)
        place.chmod(0o644)
        place.write_bytes(b"other")
        again = encrypted(ws, tmp_path)
    with again as ws:
        with pytest.raises(DigestMismatch):
            list(under_present_key(ws))
        assert (ws.blobs.key_of(bad), ws.blobs.key_of(good)) == ("", ws.blobs.wrapper.id)


def test_a_key_in_the_workspace_is_refused_however_it_is_written(tmp_path):
    with open_local(tmp_path / "w") as ws, pytest.raises(UsageError):
        turn_on(ws, f"file:{tmp_path}/x/../w/blob.key")
