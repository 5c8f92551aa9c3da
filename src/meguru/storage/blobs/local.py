"""Blobs in a folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from meguru.base import digests
from meguru.errors import DigestMismatch, InvalidInput, NotFound
from meguru.storage.blobs.base import check, missing

_CHUNK = 1 << 20
_DRAFTS = "tmp"
_NAME_LETTERS = 62
"""Letters of a digest that name the file in its folder; the first two name the folder."""
_TRUSTED_BYTES = 8 << 20
"""A larger file is not read again to check it as long as it is as this process has written it: to hash
gigabytes right after they were written would double the time of a put."""


class LocalStore:
    """One file a blob, ``ab/cdef…``; written beside, synced, then renamed into place.

    Putting a blob that was damaged meanwhile repairs it, and so does reading one whose bytes `pending_copy`
    still has: what was put with a deferred fsync, before a power cut.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.url = str(self.folder)
        self.pending_copy: Callable[[str], bytes | None] = _no_copy
        self._checked: dict[str, tuple[int, ...]] = {}
        self._synced_folders: set[Path] = set()
        self.has_pending = False
        """Whether this process left blobs that are durable only by the database; see `pending`."""

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        digest = digests.of_bytes(data)
        if self._is_whole(digest):
            self._sync_again(digest)
        else:
            with self._draft() as file:
                file.write(data)
            self._publish(Path(file.name), digest)
        return digest

    def put_deferred(self, data: bytes) -> str:
        """Store bytes without an fsync: until `make_durable`, a power cut may lose them."""
        digest = digests.of_bytes(data)
        if not self._is_whole(digest):
            # Renamed without a sync: after a power cut the name may hold fewer bytes. Readers check the
            # digest, and repair it from the copy in the database.
            place, draft = self._place(digest), self.drafts / uuid.uuid4().hex
            try:
                _write(draft, data)
            except FileNotFoundError:
                self.drafts.mkdir(parents=True, exist_ok=True)
                _write(draft, data)
            try:
                draft.replace(place)
            except FileNotFoundError:
                place.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(place)
        return digest

    def make_durable(self, found: Iterable[str]) -> None:
        """Wait until blobs whose fsync was deferred would survive a power cut."""
        places = [self._place(digest) for digest in found]
        # The bytes before the names: a name that survives a power cut must not lead to an empty file.
        for place in places:
            fsync_path(place)
        for folder in {self.folder, *(place.parent for place in places)}:
            fsync_path(folder)

    def put_file(self, path: Path) -> str:
        """Store a file's content in bounded memory; return its digest."""
        try:
            source = path.open("rb")
        except OSError as error:
            raise InvalidInput(f"can't read {path}", where=str(path), why=error.strerror or "") from error
        with source:
            return self.put_chunks(_chunks(source))

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Store the bytes that come in pieces; return their digest."""
        seen = hashlib.sha256()
        # The copy is hashed, not the source: a file that changes while it is read still gets its own name.
        with self._draft() as file:
            for chunk in chunks:
                seen.update(chunk)
                file.write(chunk)
        self._publish(Path(file.name), seen.hexdigest())
        return seen.hexdigest()

    @property
    def drafts(self) -> Path:
        """Where a file is written that is to be adopted."""
        return self.folder / _DRAFTS

    def adopt(self, draft: Path, digest: str) -> str:
        """Make a file below `drafts` a blob, durably; its writer has hashed every byte, so it is not read."""
        self._publish(draft, digest)
        return digest

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes, checked."""
        try:
            return self._read(digest)
        except (NotFound, DigestMismatch):
            if not self._repair(digest):
                raise
        return self._read(digest)

    def path(self, digest: str) -> Path:
        """Return the blob's own file, checked once for each state the file is in."""
        try:
            return self._find(digest)
        except (NotFound, DigestMismatch):
            if not self._repair(digest):
                raise
        return self._find(digest)

    def _repair(self, digest: str) -> bool:
        data = self.pending_copy(digest)
        return data is not None and self.put_deferred(data) == digest

    def _read(self, digest: str) -> bytes:
        place = self._place(digest)
        try:
            data = place.read_bytes()
        except FileNotFoundError:
            raise missing(digest) from None
        check(digest, digests.of_bytes(data), str(place))
        return data

    def _find(self, digest: str) -> Path:
        place = self._place(digest)
        try:
            stat = place.stat()
        except FileNotFoundError:
            raise missing(digest) from None
        # Hashed once for each state of the file: to hash a model of gigabytes at each use would be too slow,
        # and a file that was changed behind our back has another state.
        state = state_of(stat)
        if self._checked.get(digest) != state:
            check(digest, digests.of_file(place), str(place))
            self._checked[digest] = state
        return place

    def has(self, digest: str) -> bool:
        """Tell whether the blob is there."""
        return self._place(digest).exists() or self.pending_copy(digest) is not None

    def delete(self, digest: str) -> None:
        """Remove the blob, if it is there: only what nothing refers to."""
        # Not synced: a blob that a power cut brings back is an orphan, which the next cleanup removes.
        self._checked.pop(digest, None)
        self._place(digest).unlink(missing_ok=True)

    def listed(self, before: float) -> Iterator[str]:
        """Return the blobs whose files were written before a moment."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # another deleted it just now
                        if len(entry.name) == _NAME_LETTERS and entry.stat().st_mtime < before:
                            yield folder.name + entry.name

    def drop_drafts(self, before: float) -> int:
        """Remove what killed processes left half-written and nobody wrote to since `before`; count it."""
        dropped = 0
        for draft in (self.folder / _DRAFTS).glob("*"):
            with suppress(OSError):
                if draft.stat().st_mtime < before:
                    draft.unlink()
                    dropped += 1
        return dropped

    def size(self, digest: str) -> int:
        """Return the number of bytes."""
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError:
            return self.path(digest).stat().st_size

    def verify(self, digest: str) -> None:
        """Read every byte, also of a file that was checked before: a disk may have lost it since."""
        try:
            self._rehash(digest)
        except (NotFound, DigestMismatch):
            if not self._repair(digest):
                raise
            self._rehash(digest)

    def _rehash(self, digest: str) -> None:
        place = self._place(digest)
        try:
            found = digests.of_file(place)
        except FileNotFoundError:
            raise missing(digest) from None
        check(digest, found, str(place))

    def _is_whole(self, digest: str) -> bool:
        if not self._place(digest).exists():  # as a rule, and an error costs more than a look
            return False
        with suppress(NotFound, DigestMismatch):
            return self._find(digest).is_file()
        return False

    def _sync_again(self, digest: str) -> None:
        # Whoever put it first may have deferred the fsync, and may be dead; of a clean file it costs little.
        self.make_durable([digest])

    def _place(self, digest: str) -> Path:
        digests.check_digest(digest)
        return self.folder / digest[:2] / digest[2:]

    @contextmanager
    def _draft(self) -> Iterator[tempfile._TemporaryFileWrapper[bytes]]:
        """Open a new file beside the blobs; it goes if writing it fails, as on a full disk."""
        self.drafts.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.drafts, delete=False) as file:
            try:
                yield file
                file.flush()
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _publish(self, draft: Path, digest: str) -> None:
        place = self._place(digest)
        if self._is_whole(digest):
            draft.unlink()
            self._sync_again(digest)
            return
        is_new = not place.parent.exists()
        place.parent.mkdir(parents=True, exist_ok=True)
        # First the bytes, then the name, then the folder that holds the name: a power cut leaves a whole
        # blob, or a draft that nobody refers to, and never a name without its bytes.
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        self._move(draft, place)
        stat = place.stat()
        if stat.st_size > _TRUSTED_BYTES:
            self._checked[digest] = state_of(stat)
        self.sync_folder(place.parent, is_new=is_new)

    def sync_folder(self, folder: Path, *, is_new: bool) -> None:
        """Wait until the names in a folder of blobs, and its own, would survive a power cut."""
        fsync_path(folder)
        # The name of a folder stands in the folder above it. Whoever made it may have deferred that fsync, or
        # may not have come to it yet, in whatever process: so each process does it once for each folder.
        if is_new or folder not in self._synced_folders:
            fsync_path(self.folder)
            self._synced_folders.add(folder)

    @staticmethod
    def _move(draft: Path, place: Path) -> None:
        # Renaming replaces in one moment: who reads meanwhile gets the old file or the new one. Read-only,
        # because a blob that is edited in place is no longer what its name says.
        draft.chmod(0o444)
        draft.replace(place)


def _no_copy(digest: str) -> bytes | None:
    del digest
    return None


def _write(place: Path, data: bytes) -> None:
    with place.open("xb") as file:
        file.write(data)
    place.chmod(0o444)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def state_of(stat: os.stat_result) -> tuple[int, ...]:
    """Return what changes when somebody changes a file."""
    # Whoever changes a file can set its old time again, but not the time of that (ctime).
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)


def fsync_path(place: Path) -> None:
    """Wait until a file's bytes, or the names in a folder, would survive a power cut."""
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
