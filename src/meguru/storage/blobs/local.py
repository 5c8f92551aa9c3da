"""Blobs in a folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.storage.blobs.base import check, missing

_CHUNK = 1 << 20


class LocalStore:
    """One file a blob, ``ab/cdef…``; written beside, synced, then renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.url = str(self.folder)
        self._checked: dict[str, tuple[int, int, int]] = {}

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        digest = digests.of_bytes(data)
        if not self._place(digest).exists():
            with self._draft() as file:
                file.write(data)
            self._publish(Path(file.name), digest)
        return digest

    def put_file(self, path: Path) -> str:
        """Store a file's content in bounded memory; return its digest."""
        seen = hashlib.sha256()
        try:
            source = path.open("rb")
        except OSError as error:
            raise InvalidInput(f"can't read {path}", where=str(path), why=error.strerror or "") from error
        # The copy is hashed, not the source: a file that changes while it is read still gets its own name.
        with source, self._draft() as file:
            while chunk := source.read(_CHUNK):
                seen.update(chunk)
                file.write(chunk)
        self._publish(Path(file.name), seen.hexdigest())
        return seen.hexdigest()

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes, checked."""
        place = self._place(digest)
        try:
            data = place.read_bytes()
        except FileNotFoundError:
            raise missing(digest) from None
        check(digest, digests.of_bytes(data), str(place))
        return data

    def path(self, digest: str) -> Path:
        """Return the blob's own file, checked once for each state the file is in."""
        place = self._place(digest)
        try:
            stat = place.stat()
        except FileNotFoundError:
            raise missing(digest) from None
        state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if self._checked.get(digest) != state:
            check(digest, digests.of_file(place), str(place))
            self._checked[digest] = state
        return place

    def has(self, digest: str) -> bool:
        """Tell whether the blob is there."""
        return self._place(digest).exists()

    def size(self, digest: str) -> int:
        """Return the number of bytes."""
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError:
            raise missing(digest) from None

    def _place(self, digest: str) -> Path:
        digests.check_digest(digest)
        return self.folder / digest[:2] / digest[2:]

    def _draft(self) -> tempfile._TemporaryFileWrapper[bytes]:
        drafts = self.folder / "tmp"
        drafts.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=drafts, delete=False)

    def _publish(self, draft: Path, digest: str) -> None:
        place = self._place(digest)
        if place.exists():
            draft.unlink()
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.chmod(0o444)
        draft.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
