"""Copies of blobs that are elsewhere stay within a bound."""

from __future__ import annotations

import os
import threading
import time

import pytest

from meguru.base.digests import of_bytes
from meguru.errors import NotFound
from meguru.storage.blobs import read_cache
from meguru.storage.blobs.objects import ObjectStore
from meguru.storage.blobs.read_cache import GRACE_SECONDS, ReadCache

SIZE = 1000


def blob(number: int) -> bytes:
    return str(number).encode().ljust(SIZE, b".")


def put(cache: ReadCache, number: int, *, hours_ago: float = 0.0) -> str:
    digest = cache.put_chunks([blob(number)])
    moment = time.time() - hours_ago * 3600
    for place in (cache.folder / digest[:2] / digest[2:], cache.folder / "used" / digest):
        os.utime(place, (moment, moment))
    return digest


def there(cache: ReadCache) -> set[str]:
    return set(cache.listed(time.time() + 60))


def test_those_not_used_for_longest_go_first_and_those_used_lately_stay(tmp_path):
    large, cache = ReadCache(tmp_path, most=1 << 30), ReadCache(tmp_path, most=3 * SIZE)
    a, b, c, d = (put(large, number, hours_ago=9 - number) for number in range(4))
    ReadCache(tmp_path).path(a)  # another process uses the oldest one
    assert cache.make_room() == SIZE
    assert there(cache) == {a, c, d}
    assert not (tmp_path / "used" / b).exists()
    lately = {put(large, number) for number in range(10, 15)}
    assert cache.make_room() == 2 * SIZE
    assert there(cache) == {a, *lately}  # above the bound: whoever used them may be about to open them


def test_room_is_made_as_copies_are_added(tmp_path, monkeypatch):
    monkeypatch.setattr(read_cache, "GRACE_SECONDS", -1.0)
    cache = ReadCache(tmp_path, most=10 * SIZE)
    for number in range(100):
        cache.put_chunks([blob(number)])
        assert cache.used_bytes() <= 11 * SIZE


def test_a_copy_that_is_used_between_look_and_removal_stays(tmp_path):
    cache = ReadCache(tmp_path, most=SIZE)
    digest = put(cache, 1, hours_ago=2)
    seen = next(iter(cache._copies()))[0]
    assert ReadCache(tmp_path).path(digest).read_bytes() == blob(1)
    assert not cache._evict(digest, seen)
    assert there(cache) == {digest}


def test_readers_beside_whoever_makes_room_read_what_is_right_or_hear_that_it_is_gone(tmp_path):
    stop, wrong, numbers = threading.Event(), [], range(60)
    for number in range(80):  # some are never read: they go, however quick the readers are
        put(ReadCache(tmp_path, most=1 << 30), number, hours_ago=GRACE_SECONDS / 3600 + 1)

    def read() -> None:
        cache = ReadCache(tmp_path, most=5 * SIZE)
        while not stop.is_set():
            for number in numbers:
                try:
                    if cache.path(of_bytes(blob(number))).read_bytes() != blob(number):
                        wrong.append(number)
                except NotFound:
                    cache.put_chunks([blob(number)])
                except FileNotFoundError as error:  # its path was given, and it went before it was opened
                    wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for each in threads:
        each.start()
    freed = sum(ReadCache(tmp_path, most=5 * SIZE).make_room() for _ in range(10))
    stop.set()
    for each in threads:
        each.join(60)
    assert (wrong, freed > 0) == ([], True)


def test_an_object_whose_copy_went_is_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setattr(read_cache, "GRACE_SECONDS", -1.0)
    monkeypatch.setenv("MEGURU_BLOB_CACHE", str(3 * SIZE))
    store = ObjectStore("memory:///", tmp_path / "cache")
    digests = [store.put_chunks([blob(number)]) for number in range(20)]
    kept = ReadCache(tmp_path / "cache").used_bytes()
    assert 0 < kept <= 4 * SIZE
    assert [store.path(digest).read_bytes() for digest in digests] == [blob(number) for number in range(20)]
    assert all(store.get_bytes(digest) for digest in digests)
    assert len(list((tmp_path / "cache" / "used").iterdir())) <= 4


def test_what_is_not_there_leaves_nothing(tmp_path):
    cache = ReadCache(tmp_path)
    with pytest.raises(NotFound):
        cache.path("0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_of_many_processes_that_begin_one_looks_for_room(tmp_path, monkeypatch):
    looks, copies = [], ReadCache._copies
    monkeypatch.setattr(ReadCache, "_copies", lambda cache: looks.append(1) or copies(cache))
    for number in range(20):
        ReadCache(tmp_path, most=1 << 30).put_chunks([blob(number)])
    assert len(looks) == 1


def test_what_is_no_copy_stays_and_is_in_nobodys_way(tmp_path):
    cache = ReadCache(tmp_path, most=SIZE)
    digest = put(cache, 1, hours_ago=2)
    stray = tmp_path / digest[:2] / ".nfs0000000001"
    stray.write_bytes(bytes(SIZE))
    os.utime(stray, (0, 0))
    put(ReadCache(tmp_path, most=1 << 30), 2)
    assert cache.make_room() == SIZE
    assert stray.exists()


def test_a_copy_is_noted_again_after_a_machine_slept(tmp_path, monkeypatch):
    cache = ReadCache(tmp_path, most=SIZE)
    digest, now = put(cache, 1, hours_ago=2), time.time()
    monkeypatch.setattr(read_cache.time, "time", lambda: now + 7200)
    cache.path(digest)
    monkeypatch.undo()
    assert time.time() - (tmp_path / "used" / digest).stat().st_mtime < 60
