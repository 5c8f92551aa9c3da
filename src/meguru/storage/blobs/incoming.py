"""A blob that comes piece by piece: hashed and written as it comes, where it will stay."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from meguru.storage.blobs.base import BlobStore
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore
from meguru.storage.blobs.parts import Parts


class Incoming:
    """The draft of one blob, in bounded memory; it is gone after `drop`, unless it was kept before."""

    def __init__(self, blobs: BlobStore, folder: Path) -> None:
        self._blobs = blobs
        # Beside the blobs, a draft becomes one by its name alone; from elsewhere it has to be copied.
        place = blobs.drafts if isinstance(blobs, LocalStore | ObjectStore) else folder
        place.mkdir(parents=True, exist_ok=True)
        self._draft = place / uuid.uuid4().hex
        self._file = self._draft.open("xb")
        self._seen = hashlib.sha256()
        self.size = 0

    def write(self, pieces: Iterable[bytes]) -> None:
        """Take in the next bytes."""
        for piece in pieces:
            self._seen.update(piece)
            self._file.write(piece)
            self.size += len(piece)

    @property
    def digest(self) -> str:
        """The digest of what has come."""
        return self._seen.hexdigest()

    def keep(self) -> str:
        """Make what has come a durable blob; return its digest."""
        self._file.close()
        if isinstance(self._blobs, LocalStore | ObjectStore):
            return self._blobs.adopt(self._draft, self.digest)
        return self._blobs.put_file(self._draft)

    def keep_part(self, parts: Parts, upload: str, name: str) -> None:
        """Make what has come a durable part of an upload."""
        self._file.close()
        parts.keep(upload, name, self._draft)

    def drop(self) -> None:
        """Leave nothing behind but what was kept."""
        with suppress(OSError):  # a full disk, which was told of when it was written to
            self._file.close()
        self._draft.unlink(missing_ok=True)
