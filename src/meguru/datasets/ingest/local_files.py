"""Register files from where they are on this machine, without copying them into the blobs first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from os import stat_result
from pathlib import Path

from meguru.base import digests
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.types import FileEntry
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.storage.blobs import BlobStore

_State = tuple[int, int, int]
_offered: ContextVar[Mapping[str, tuple[Path, _State]] | None] = ContextVar("offered_files", default=None)
meter_in_use: ContextVar[Meter | None] = ContextVar("meter_in_use", default=None)
"""What is told how far the reading of files has come, if anybody asked."""


@contextmanager
def local_files(files: Mapping[str, Path], meter: Meter | None = None) -> Iterator[list[FileEntry]]:
    """Let files be registered from where they are, by the operations that are called meanwhile.

    Their digests are taken first: a file that the newest version has is not read again.
    """
    entries, places = [], dict(_offered.get() or {})
    for name, path in files.items():
        state = _state(path.stat())
        digest = digests.of_file(path)
        places[digest] = (path, state)
        entries.append(FileEntry(path=name, digest=digest, size=state[0]))
    offered, told = _offered.set(places), meter_in_use.set(meter)
    try:
        yield entries
    finally:
        _offered.reset(offered)
        meter_in_use.reset(told)


@contextmanager
def opened_entry(blobs: BlobStore, entry: FileEntry, field: str) -> Iterator[Path]:
    """Give the file with an entry's bytes: where it was offered, else the blob that was uploaded.

    Raises
    ------
    InvalidInput
        If there is none, it is empty, or not of the size that was said.
    Conflict
        If it changed while it was read.
    """
    # By a context variable, since an operation takes plain data: a path in a request would let clients name
    # files of the server.
    offered = (_offered.get() or {}).get(entry.digest)
    path = offered[0] if offered else _uploaded(blobs, entry, field)
    if (size := path.stat().st_size) != entry.size:
        raise InvalidInput(f"{entry.path!r} has {size} bytes, not {entry.size}", field=f"{field}.size")
    if not size:
        raise InvalidInput(f"{entry.path!r} is empty", field=field)
    yield path
    if offered and _state(path.stat()) != offered[1]:
        raise Conflict(f"{entry.path!r} changed while it was read", hint="add it again when it is written")


def _uploaded(blobs: BlobStore, entry: FileEntry, field: str) -> Path:
    try:
        return blobs.path(entry.digest)
    except NotFound as error:
        why, hint = "its bytes were not uploaded", "upload the blob first, or use add_files"
        raise InvalidInput(
            f"{entry.path!r} is missing", why=why, hint=hint, field=f"{field}.digest"
        ) from error


def _state(seen: stat_result) -> _State:
    return seen.st_size, seen.st_mtime_ns, seen.st_ino
