"""Blobs are encrypted where they lie; nothing that is changed is opened; keys are changed without a stop."""

from __future__ import annotations

import os
import re
import shutil
from types import SimpleNamespace

import pytest

from meguru.base import digests
from meguru.errors import Conflict, DigestMismatch, NotFound, UsageError
from meguru.storage.blobs import open_store
from meguru.storage.blobs.sealed.envelope import CHUNK, TAG
from meguru.storage.blobs.sealed.store import sealed_url
from meguru.storage.blobs.sealed.wrappers import new_key

TEXT = b"anna@example.com, " * 50
LONG = os.urandom(2 * CHUNK + 7)


@pytest.fixture
def store(tmp_path):
    new_key(tmp_path / "blob.key")
    return open_store(sealed_url(str(tmp_path / "blobs"), f"file:{tmp_path / 'blob.key'}"))


def file_of(store, digest):
    path = store.inner.folder / digest[:2] / digest[2:]
    path.chmod(0o644)
    return path


def test_what_lies_there_tells_nothing_and_goes_by_the_plain_digest(store):
    digest = store.put_bytes(TEXT)
    assert digest == digests.of_bytes(TEXT)
    assert b"anna" not in file_of(store, digest).read_bytes()
    assert (store.get_bytes(digest), store.size(digest)) == (TEXT, len(TEXT))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_chunks_come_back_as_they_were(store, size):
    data = LONG[:size]
    digest = store.put_bytes(data)
    assert (store.get_bytes(digest), store.size(digest)) == (data, size)
    assert store.path(digest).read_bytes() == data


def _another(found):
    return found[1] + (b"B" if found[2] == b"A" else b"A")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[: -TAG - 7],  # without the last chunk
        lambda body: body[:-1],
        lambda body: body + b"x",
        lambda body: body[:-1] + bytes([body[-1] ^ 1]),
        lambda body: body[: -(CHUNK + TAG) - (TAG + 7)] + body[-(TAG + 7) :],  # without the one in the middle
        lambda body: body[:12] + b"\x00" + body[13:],
        lambda body: re.sub(rb'("salt":").', rb"\1!", body),
        lambda body: re.sub(rb'("salt":")(.)', _another, body),
        lambda body: re.sub(rb'("wrapped":")(.)', _another, body),
        lambda body: body[:9],
    ],
)
def test_what_is_cut_moved_or_changed_is_not_opened(store, change):
    digest = store.put_bytes(LONG)
    path = file_of(store, digest)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DigestMismatch):
        store.get_bytes(digest)
    store.put_bytes(LONG)
    assert store.get_bytes(digest) == LONG


def test_plain_blobs_are_read_and_brought_under_the_key(store):
    digest = store.inner.put_bytes(TEXT)
    assert (store.get_bytes(digest), store.size(digest), store.key_of(digest)) == (TEXT, len(TEXT), "")
    assert store.encrypt(digest)
    assert not store.encrypt(digest)
    assert store.key_of(digest) == store.wrapper.id
    assert store.get_bytes(digest) == TEXT


def test_a_new_key_wraps_the_old_ones_and_a_lost_key_is_named(store, tmp_path):
    old, digest = store.wrapper.id, store.put_bytes(LONG)
    key = tmp_path / "blob.key"
    new_key(key)
    again = open_store(store.url)
    assert again.get_bytes(digest) == LONG
    body = file_of(store, digest).read_bytes()
    assert again.encrypt(digest)
    assert again.key_of(digest) == again.wrapper.id != old
    assert file_of(store, digest).read_bytes()[-CHUNK:] == body[-CHUNK:]
    key.write_text(key.read_text().splitlines()[0] + "\n")
    assert open_store(store.url).get_bytes(digest) == LONG
    lost = again.wrapper.id
    key.unlink()
    new_key(key)
    with pytest.raises(Conflict, match=f"the key {lost} of blobs is not here"):
        open_store(store.url).get_bytes(digest)


def test_who_runs_while_a_key_is_changed_wraps_by_the_new_one(store, tmp_path):
    key, old = tmp_path / "blob.key", store.wrapper.id
    before = store.put_bytes(TEXT)
    new_key(key)
    other = open_store(store.url)
    assert other.encrypt(before)
    assert store.get_bytes(before) == TEXT  # by a key that it had not seen when it began
    key.write_text(key.read_text().splitlines()[0] + "\n")
    digest = store.put_bytes(LONG)
    assert store.key_of(digest) == other.wrapper.id != old
    assert open_store(store.url).get_bytes(digest) == LONG
    key.unlink()
    with pytest.raises(Conflict, match="can't be read"):
        store.put_bytes(b"more")
    assert store.get_bytes(digest) == LONG


def test_an_opened_blob_is_not_hashed_at_each_look(store, monkeypatch):
    digest = store.put_bytes(LONG)
    path = store.path(digest)
    monkeypatch.setattr(digests, "of_file", lambda place: pytest.fail(f"{place} is read again"))
    assert store.path(digest) == path


def test_what_has_no_room_in_memory_is_opened_in_the_cache_folder(store, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    small, large = store.put_bytes(TEXT), store.put_bytes(LONG)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=64_000, free=64_000))
    assert not store.path(small).is_relative_to(tmp_path)
    assert store.path(large).is_relative_to(tmp_path / "cache")
    assert store.path(large).read_bytes() == LONG
    store.delete(large)
    assert not [each for each in (tmp_path / "cache").rglob("*") if each.is_file()]


def test_what_a_killed_process_left_half_written_goes(store):
    draft = store.place.write([b"x"])
    assert store.drop_drafts(draft.stat().st_mtime - 1) == 0
    assert store.drop_drafts(draft.stat().st_mtime + 1) == 1
    assert not draft.exists()


def test_age_wraps_keys(tmp_path):
    pyrage = pytest.importorskip("pyrage")
    (tmp_path / "id.txt").write_text(f"# made for a test\n{pyrage.x25519.Identity.generate()}\n")
    store = open_store(sealed_url(str(tmp_path / "blobs"), f"age:{tmp_path / 'id.txt'}"))
    digest = store.put_bytes(TEXT)
    assert open_store(store.url).get_bytes(digest) == TEXT
    assert store.key_of(digest).startswith("age1")


@pytest.mark.parametrize("key", ["", "file:", "file:/nowhere/blob.key", "vault:x"])
def test_a_key_that_is_none_is_refused(tmp_path, key):
    with pytest.raises((UsageError, Conflict, NotFound)):
        open_store(sealed_url(str(tmp_path / "blobs"), key))
