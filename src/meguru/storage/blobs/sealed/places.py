"""Where encrypted blobs lie: files in a folder, or objects in a bucket; bytes by name, whatever they are."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from meguru.base.cache import cache_folder
from meguru.storage.blobs.base import missing
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore, key_of


class SealedPlace(Protocol):
    """Bytes by a digest that is not theirs; what is written is durable, whole or not at all."""

    def write(self, chunks: Iterable[bytes]) -> Path:
        """Write a draft."""
        ...

    def publish(self, draft: Path, digest: str) -> None:
        """Give a draft its name, over what had it."""
        ...

    def open(self, digest: str) -> io.BufferedIOBase:
        """Open what has a name; `NotFound` if nothing has."""
        ...

    def size(self, digest: str) -> int:
        """Return how many bytes it takes."""
        ...

    def drop_drafts(self, before: float) -> int:
        """Remove drafts that nobody wrote to since a moment; count them."""
        ...


class SealedFolder:
    """Files of a folder of blobs."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store

    def write(self, chunks: Iterable[bytes]) -> Path:
        """Write a draft beside the blobs."""
        return _draft(self.store.drafts, chunks)

    def publish(self, draft: Path, digest: str) -> None:
        """Rename it into its place."""
        place = self.store.folder / key_of(digest)
        is_new = not place.parent.exists()
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.chmod(0o444)
        draft.replace(place)
        self.store.sync_folder(place.parent, is_new=is_new)

    def open(self, digest: str) -> io.BufferedIOBase:
        """Open a file."""
        try:
            return (self.store.folder / key_of(digest)).open("rb")
        except FileNotFoundError:
            raise missing(digest) from None

    def size(self, digest: str) -> int:
        """Return how many bytes it takes."""
        return self.store.size(digest)

    def drop_drafts(self, before: float) -> int:
        """Remove drafts that nobody wrote to since a moment."""
        return self.store.drop_drafts(before)


class SealedBucket:
    """Objects of a bucket, or a prefix of it."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self._here = LocalStore(cache_folder("sealed-drafts"))

    def write(self, chunks: Iterable[bytes]) -> Path:
        """Write a draft into a folder of this machine: encrypted, as it will be sent."""
        return _draft(self._here.drafts, chunks)

    def publish(self, draft: Path, digest: str) -> None:
        """Send it."""
        import obstore

        try:
            with self.store.explained():
                obstore.put(self.store.store, key_of(digest), draft)
        finally:
            draft.unlink()

    def open(self, digest: str) -> io.BufferedIOBase:
        """Fetch an object as it is read."""
        import obstore

        with self.store.explained():
            try:
                stream = obstore.get(self.store.store, key_of(digest)).stream()
            except FileNotFoundError:
                raise missing(digest) from None
        return io.BufferedReader(_Pieces(bytes(each) for each in stream), buffer_size=1 << 20)  # type: ignore[type-var]

    def size(self, digest: str) -> int:
        """Return how many bytes it takes."""
        return self.store.size(digest)

    def drop_drafts(self, before: float) -> int:
        """Remove drafts that nobody wrote to since a moment."""
        return self._here.drop_drafts(before) + self.store.drop_drafts(before)


class _Pieces(io.RawIOBase):
    """Pieces that come one after another, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._rest:
            try:
                self._rest = memoryview(next(self._pieces))
            except StopIteration:
                return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _draft(folder: Path, chunks: Iterable[bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / uuid.uuid4().hex
    try:
        with draft.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    return draft
