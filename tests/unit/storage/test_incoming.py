"""Blobs that come piece by piece: kept whole or not at all, in any store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meguru.base import digests
from meguru.compute.materializers.limit import Limited
from meguru.storage.blobs.incoming import Incoming
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore

PIECES = [b"first ", b"", b"x" * 100_000, b"last"]
WHOLE = b"".join(PIECES)


@pytest.fixture(params=["local", "objects", "another"])
def store(request, tmp_path):
    if request.param == "objects":
        return ObjectStore("memory:///", tmp_path / "cache")
    local = LocalStore(tmp_path / "blobs")
    return local if request.param == "local" else Limited(local, 1 << 30)


@pytest.fixture
def draft(store, tmp_path):
    return Incoming(store, tmp_path / "uploads")


def left(folder: Path) -> list[Path]:
    return [file for name in ("tmp", "uploads") for file in folder.rglob(f"{name}/*")]


def test_what_came_in_pieces_is_one_blob(store, draft, tmp_path):
    for piece in PIECES:
        draft.write([piece])
    assert (draft.size, draft.digest) == (len(WHOLE), digests.of_bytes(WHOLE))
    assert not store.has(draft.digest)
    assert draft.keep() == draft.digest
    draft.drop()
    assert store.get_bytes(draft.digest) == store.path(draft.digest).read_bytes() == WHOLE
    assert left(tmp_path) == []


def test_what_is_dropped_leaves_nothing(store, draft, tmp_path):
    draft.write(PIECES)
    assert left(tmp_path) != []
    draft.drop()
    assert left(tmp_path) == []
    assert not store.has(draft.digest)


def test_the_same_bytes_may_come_twice_at_once(store, draft, tmp_path):
    other = Incoming(store, tmp_path / "uploads")
    for each in (draft, other):
        each.write(PIECES)
    assert draft.keep() == other.keep()
    other.drop()
    draft.drop()
    assert store.get_bytes(draft.digest) == WHOLE
    assert left(tmp_path) == []


def test_a_blob_that_was_damaged_is_mended_by_the_next_that_comes(tmp_path):
    store = LocalStore(tmp_path)
    place = store.path(store.put_bytes(WHOLE))
    place.chmod(0o644)
    place.write_bytes(b"a lie")
    draft = Incoming(store, tmp_path / "uploads")
    draft.write(PIECES)
    assert store.get_bytes(draft.keep()) == WHOLE


def test_a_draft_that_a_killed_server_left_is_swept_once_it_is_old(tmp_path):
    store = ObjectStore("memory:///", tmp_path)
    draft = Incoming(store, tmp_path / "uploads")
    (file,) = left(tmp_path)
    os.utime(file, (1, 1))
    assert store.drop_drafts(before=2.0) == 1
    assert left(tmp_path) == []
    draft.drop()
