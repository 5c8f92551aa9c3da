"""Small blobs live by their transaction first, and on their own soon after."""

import threading

import pytest

from meguru.errors import DigestMismatch
from meguru.storage.blobs import pending
from meguru.storage.blobs.pending import Settler, settle, waiting


def put(workspace, data):
    digest = pending.write(workspace.blobs, data)
    with workspace.db.write() as tx:
        pending.keep(tx, workspace.blobs, digest, data)
    return digest


def count(workspace):
    with workspace.read() as tx:
        return waiting(tx)


def test_a_small_blob_is_there_at_once_and_pending_until_it_is_settled(workspace):
    digests = {put(workspace, f"{number}".encode()) for number in range(3)}
    assert all(workspace.blobs.has(digest) for digest in digests)
    assert count(workspace) == 3
    assert settle(workspace.db, workspace.blobs) == 3
    assert (count(workspace), settle(workspace.db, workspace.blobs)) == (0, 0)
    assert all(workspace.blobs.get_bytes(digest) for digest in digests)


def test_many_are_settled_together(workspace):
    for number in range(pending.FEW + 1):
        put(workspace, f"many {number}".encode())
    assert settle(workspace.db, workspace.blobs) == pending.FEW + 1


@pytest.mark.parametrize("left", [None, b"", b"whol"])
def test_a_blob_that_a_power_cut_left_unwritten_is_written_again(workspace, left):
    digest = put(workspace, b"whole")
    place = workspace.blobs.path(digest)
    place.chmod(0o600)
    if left is None:
        place.unlink()
    else:
        place.write_bytes(left)
        with pytest.raises(DigestMismatch):
            workspace.blobs.get_bytes(digest)
    settle(workspace.db, workspace.blobs)
    assert workspace.blobs.get_bytes(digest) == b"whole"


def test_the_same_bytes_are_pending_once(workspace):
    assert put(workspace, b"same") == put(workspace, b"same")
    assert count(workspace) == 1


@pytest.mark.parametrize("size", [0, pending.LARGEST + 1])
def test_an_empty_blob_and_a_large_one_are_durable_at_once(workspace, size):
    digest = put(workspace, b"x" * size)
    assert workspace.blobs.has(digest)
    assert count(workspace) == 0


def test_the_settler_settles_what_it_finds_when_it_starts(workspace):
    put(workspace, b"left by the one before")
    stop = threading.Event()
    stop.set()
    Settler(workspace.db, workspace.blobs).run(stop)
    assert count(workspace) == 0
