"""Files that hold encrypted blobs, opened: for who needs a path, as what reads Parquet does."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from meguru.base.cache import cache_folder
from meguru.errors import DigestMismatch, NotFound
from meguru.storage.blobs.base import check
from meguru.storage.blobs.local import LocalStore

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own, mode 700, is made in it
_SHARE = 4
"""A quarter of the memory (or disk) holds opened blobs at most."""
_TOUCH_SECONDS = 60.0
"""Seconds after which a blob that is used is marked so: a file that was touched is hashed anew."""


class OpenedBlobs:
    """In memory, or where there is no room in the user's own cache folder; the least used go first."""

    def __init__(self, url: str) -> None:
        self._url, self._name = url, hashlib.sha256(url.encode()).hexdigest()[:16]
        self._memory = _memory(self._name)

    def path(self, digest: str, size: Callable[[str], int], plain: Callable[[str], Iterator[bytes]]) -> Path:
        """Return a file that holds a blob, to be read only; it is made at first use."""
        if self._memory is not None:
            if (found := _find(self._memory, digest)) is not None:
                return found
            if _make_room(self._memory.folder, size(digest)):
                return self._made(self._memory, digest, plain)
        if (found := _find(self._disk, digest)) is not None:
            return found
        _make_room(self._disk.folder, size(digest))
        return self._made(self._disk, digest, plain)

    def delete(self, digest: str) -> None:
        """Remove what was opened of a blob."""
        for cache in self._caches():
            cache.delete(digest)

    def drop_drafts(self, before: float) -> int:
        """Remove what killed processes left half-written and nobody wrote to since `before`; count it."""
        return sum(store.drop_drafts(before) for store in self._caches())

    @cached_property
    def _disk(self) -> LocalStore:
        return LocalStore(cache_folder(f"opened/{self._name}"))

    def _caches(self) -> Iterator[LocalStore]:
        if self._memory is not None:
            yield self._memory
        with suppress(OSError):  # where the folder can't be made nothing was opened
            yield self._disk

    def _made(self, cache: LocalStore, digest: str, plain: Callable[[str], Iterator[bytes]]) -> Path:
        check(digest, cache.put_chunks(plain(digest)), self._url)
        return cache.path(digest)


def _memory(name: str) -> LocalStore | None:
    """Return where blobs are opened in memory; None if there is no such place that is ours alone."""
    own = _MEMORY / f"meguru-{os.getuid()}"
    with suppress(OSError):
        own.mkdir(mode=0o700, exist_ok=True)
        found = own.lstat()  # anybody may have made it, or a link
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            own.chmod(0o700)
            (own / name).mkdir(exist_ok=True)
            return LocalStore(own / name)
    return None


def _find(cache: LocalStore, digest: str) -> Path | None:
    with suppress(NotFound, DigestMismatch, FileNotFoundError):  # another freed it just now
        found = cache.path(digest)
        if time.time() - found.stat().st_mtime > _TOUCH_SECONDS:
            os.utime(found)
        return found
    return None


def _make_room(folder: Path, size: int) -> bool:
    """Free the least used opened blobs until another fits; who has one mapped goes on reading it."""
    # LRU eviction, by the times of the files, which all processes of this user share. A file that is mapped
    # or open lives on without its name until it is closed (POSIX).
    disk = shutil.disk_usage(folder)
    most, free = disk.total // _SHARE, disk.free
    if size > most:
        return False
    files: list[tuple[float, int, Path]] = []
    for each in folder.glob("??/*"):
        with suppress(FileNotFoundError):
            found = each.stat()
            files.append((found.st_mtime, found.st_size, each))
    used = sum(taken for _, taken, _ in files)
    for _, taken, file in sorted(files):
        if used + size <= most and size <= free:
            break
        file.unlink(missing_ok=True)
        used, free = used - taken, free + taken
    return used + size <= most and size <= free
