"""Small blobs live by their transaction first, and on their own soon after."""

import threading

import pytest

from meguru.app.open import open_local
from meguru.base.digests import of_bytes
from meguru.base.settings import Settings
from meguru.errors import DigestMismatch, NotFound
from meguru.storage.blobs import local, pending
from meguru.storage.blobs.deferred import MAX_BYTES, DeferredStore
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.pending import BlobFlusher, count_pending, flush


def put(workspace, data):
    digest = pending.write(workspace.blobs, data)
    with workspace.db.write() as tx:
        pending.record(tx, workspace.blobs, digest, data)
    return digest


def count(workspace):
    with workspace.read() as tx:
        return count_pending(tx)


def test_a_small_blob_is_there_at_once_and_pending_until_it_is_flushed(workspace):
    digests = {put(workspace, f"{number}".encode()) for number in range(3)}
    assert all(workspace.blobs.has(digest) for digest in digests)
    assert count(workspace) == 3
    assert flush(workspace.db, workspace.blobs) == 3
    assert (count(workspace), flush(workspace.db, workspace.blobs)) == (0, 0)
    assert all(workspace.blobs.get_bytes(digest) for digest in digests)


def test_many_are_flushed_together(workspace):
    for number in range(pending.MAX_FSYNCS + 1):
        put(workspace, f"many {number}".encode())
    assert flush(workspace.db, workspace.blobs) == pending.MAX_FSYNCS + 1


def lose(store, digest, left):
    """Leave of a blob what a power cut may."""
    place = store.path(digest)
    place.chmod(0o600)
    if left is None:
        place.unlink()
    else:
        place.write_bytes(left)
    return LocalStore(store.folder)  # as opened after the cut


LEFT = pytest.mark.parametrize("left", [None, b"", b"whol"])


@LEFT
def test_a_blob_that_a_power_cut_left_unwritten_is_written_again_when_it_is_flushed(workspace, left):
    digest = put(workspace, b"whole")
    store = lose(workspace.blobs, digest, left)
    with pytest.raises((DigestMismatch, NotFound)):
        store.get_bytes(digest)
    flush(workspace.db, store)
    assert (store.get_bytes(digest), count(workspace)) == (b"whole", 0)


@LEFT
@pytest.mark.parametrize("reader", ["get_bytes", "path", "size", "has"])
def test_a_blob_that_a_power_cut_left_unwritten_is_read_all_the_same(workspace, left, reader):
    """Also where no server runs that would flush it: from its copy, which mends the file."""
    digest = put(workspace, b"whole")
    store = lose(workspace.blobs, digest, left)
    pending.recover(workspace.db, store)
    getattr(store, reader)(digest)
    assert store.path(digest).read_bytes() == b"whole"


def test_a_blob_that_is_damaged_and_pending_no_more_is_refused(workspace):
    digest = put(workspace, b"whole")
    flush(workspace.db, workspace.blobs)
    lose(workspace.blobs, digest, b"whol")
    with pytest.raises(DigestMismatch):
        workspace.blobs.get_bytes(digest)


def test_what_a_power_cut_left_unwritten_is_mended_when_the_workspace_is_opened(workspace):
    digest = put(workspace, b"whole")
    place = workspace.blobs.path(digest)
    place.chmod(0o600)
    place.write_bytes(b"")
    with open_local(workspace.root, settings=Settings(sqlite_synchronous="NORMAL")) as again:
        assert again.blobs.get_bytes(digest) == b"whole"


def test_a_process_flushes_what_it_left_when_it_closes_its_workspace(workspace):
    settings = Settings(sqlite_synchronous="NORMAL")
    with open_local(workspace.root, settings=settings) as other:
        put(other, b"left")
        with open_local(workspace.root, settings=settings):
            pass  # it left nothing itself
        assert count(workspace) == 1
    assert count(workspace) == 0


def test_the_small_outputs_of_a_step_are_told_and_large_ones_are_durable_at_once(workspace):
    deferred = DeferredStore(workspace.blobs)
    small, large = deferred.put_bytes(b"small"), deferred.put_bytes(b"x" * MAX_BYTES)
    assert deferred.written == {small: b"small"}
    assert deferred.put_bytes(b"small") == small
    assert workspace.blobs.get_bytes(large) == b"x" * MAX_BYTES
    assert deferred.put_bytes(b"y" * (MAX_BYTES - 5)) in deferred.written
    assert deferred.put_bytes(b"no room is left") not in deferred.written


def test_the_same_bytes_are_pending_once(workspace):
    assert put(workspace, b"same") == put(workspace, b"same")
    assert count(workspace) == 1


@pytest.mark.parametrize("size", [0, pending.MAX_BYTES + 1])
def test_an_empty_blob_and_a_large_one_are_durable_at_once(workspace, size):
    digest = put(workspace, b"x" * size)
    assert workspace.blobs.has(digest)
    assert count(workspace) == 0


def test_the_flusher_flushes_what_it_finds_when_it_starts(workspace):
    put(workspace, b"left by the one before")
    stop = threading.Event()
    stop.set()
    BlobFlusher(workspace.db, workspace.blobs).run(stop)
    assert count(workspace) == 0


def test_the_flusher_waits_while_blobs_come_but_not_for_ever(workspace, monkeypatch):
    monkeypatch.setattr(pending, "MAX_DELAYS", 3)
    flusher = BlobFlusher(workspace.db, workspace.blobs)
    flushed = []
    for number in range(5):
        put(workspace, f"{number}".encode())
        flushed.append(flusher.tick())
    assert flushed == [0, 0, 0, 4, 0]
    assert flusher.tick() == 1  # none came since
    assert flusher.tick() == 0


def test_the_flusher_does_not_wait_for_more_than_many(workspace, monkeypatch):
    monkeypatch.setattr(pending, "MAX_PENDING", 2)
    flusher = BlobFlusher(workspace.db, workspace.blobs)
    for number in range(2):
        put(workspace, f"{number}".encode())
    assert flusher.tick() == 2


def test_who_puts_what_is_there_waits_for_the_disk_as_whoever_put_it_may_not_have(tmp_path, monkeypatch):
    store, synced = LocalStore(tmp_path / "b"), []
    digest = store.put_deferred(b"some bytes")
    monkeypatch.setattr(local, "fsync_path", synced.append)
    place = tmp_path / "b" / digest[:2] / digest[2:]
    for put in (lambda: store.put_bytes(b"some bytes"), lambda: store.put_chunks([b"some ", b"bytes"])):
        synced.clear()
        assert put() == digest
        assert {place, place.parent} <= set(synced)


@pytest.mark.parametrize(
    "view",
    [lambda store: store, DeferredStore, lambda store: LocalStore(store.folder)],
    ids=["its own", "a step's", "another's"],
)
def test_a_folder_that_a_deferred_put_made_is_synced_by_the_next_durable_put(tmp_path, monkeypatch, view):
    store, synced = LocalStore(tmp_path / "b"), []
    view(store).put_deferred(b"some bytes")
    small = next((tmp_path / "b").glob("[0-9a-f][0-9a-f]"))
    other = next(
        data for data in map(str.encode, map(str, range(10_000))) if of_bytes(data)[:2] == small.name
    )
    monkeypatch.setattr(local, "fsync_path", synced.append)
    store.put_bytes(other)
    assert {small, store.folder} <= set(synced)
    synced.clear()
    store.sync_folder(small, is_new=False)
    assert synced == [small]  # once in each process is enough
