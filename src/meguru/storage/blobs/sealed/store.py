"""A blob store that encrypts what it keeps; blobs that were there before are read as they are.

A blob goes by the digest of its plain bytes, so that equal bytes are one blob in a workspace, as ever; who
sees the store can tell whether it has a file that they know, and not what is in others.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote

import msgspec

from meguru.base import digests
from meguru.errors import DigestMismatch, InvalidInput, NotFound, UsageError
from meguru.storage.blobs.base import check
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore
from meguru.storage.blobs.sealed.envelope import (
    make_head,
    opened,
    plain_size,
    read_head,
    sealed,
    write_head,
)
from meguru.storage.blobs.sealed.opened import OpenedBlobs
from meguru.storage.blobs.sealed.places import SealedBucket, SealedFolder, SealedPlace
from meguru.storage.blobs.sealed.wrappers import KeyWrapper, wrapper_of

SCHEME = "sealed+"
_MAX_BLOBS_OF_KEY = 1000
"""So many blobs share a data key, each by a salt of its own: a service that wraps is asked seldom."""
_PIECE = 1 << 20


class _DataKey(NamedTuple):
    key: bytes
    id: str
    wrapped: bytes
    used: int


class SealedStore:
    """Blobs in another store, encrypted: ``sealed+URL?key=…`` names it, and what wraps the keys."""

    def __init__(self, url: str) -> None:
        inner, _, query = url.removeprefix(SCHEME).rpartition("?")
        said = parse_qs(query).get("key", [""])[0]
        if not (inner and said):
            raise UsageError(
                f"{url[:100]!r} names no key", hint="write sealed+FOLDER?key=file:/etc/meguru/blob.key"
            )
        from meguru.storage.blobs.open import open_store

        self.url, self.key = url, said
        self.inner = open_store(inner)
        self.place: SealedPlace
        if isinstance(self.inner, LocalStore):
            self.place = SealedFolder(self.inner)
        elif isinstance(self.inner, ObjectStore):
            self.place = SealedBucket(self.inner)
        else:
            raise UsageError("these blobs can't be encrypted", where=inner)
        self.wrapper: KeyWrapper = wrapper_of(said)
        self._opened = OpenedBlobs(self.inner.url)
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._present: _DataKey | None = None
        self._lock = threading.Lock()

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        return self.put_chunks([data])

    def put_file(self, path: Path) -> str:
        """Store a file's content in bounded memory; return its digest."""
        try:
            file = path.open("rb")
        except OSError as error:
            raise InvalidInput(f"can't read {path}", where=str(path), why=error.strerror or "") from error
        with file:
            return self.put_chunks(iter(lambda: file.read(_PIECE), b""))

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Store the bytes that come in pieces, encrypted as they come; return their digest."""
        seen, key = hashlib.sha256(), self._data_key()
        head = make_head(key.id, key.wrapped)

        def hashed() -> Iterator[bytes | memoryview]:
            for chunk in chunks:
                seen.update(chunk)
                yield chunk

        # Its name is known only after the last byte: it is encrypted into a draft.
        draft = self.place.write(sealed(hashed(), key.key, head))
        digest = seen.hexdigest()
        if self.has(digest) and self._is_whole(digest):
            draft.unlink()
        else:
            self.place.publish(draft, digest)
        return digest

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes, checked."""
        data = b"".join(self._plain(digest))
        check(digest, digests.of_bytes(data), f"{self.inner.url}/{digest[:2]}/{digest[2:]}")
        return data

    def path(self, digest: str) -> Path:
        """Return a file that holds the opened bytes, to be read only; it is made at first use."""
        return self._opened.path(digest, self.size, self._plain)

    def has(self, digest: str) -> bool:
        """Tell whether the blob is there."""
        return self.inner.has(digest)

    def size(self, digest: str) -> int:
        """Return the number of bytes that the opened blob has."""
        total = self.place.size(digest)
        with self.place.open(digest) as file:
            head = read_head(file)
        return total if head is None else plain_size(total, head)

    def verify(self, digest: str) -> None:
        """Read and open every byte from the store itself, and compare the digest."""
        seen = hashlib.sha256()
        for chunk in self._plain(digest):
            seen.update(chunk)
        check(digest, seen.hexdigest(), self.inner.url)

    def delete(self, digest: str) -> None:
        """Remove the blob, if it is there, and what was opened of it."""
        self._opened.delete(digest)
        self.inner.delete(digest)  # type: ignore[attr-defined]

    def listed(self, before: float) -> Iterable[str]:
        """Return the blobs that were written before a moment."""
        found: Iterable[str] = self.inner.listed(before)  # type: ignore[attr-defined]
        return found

    def drop_drafts(self, before: float) -> int:
        """Remove what killed processes left half-written and nobody wrote to since `before`; count it."""
        return self.place.drop_drafts(before) + self._opened.drop_drafts(before)

    def key_of(self, digest: str) -> str:
        """Return which key wrapped that of a blob; empty for one that is not encrypted."""
        with self.place.open(digest) as file:
            head = read_head(file)
        return head.key if head else ""

    def encrypt(self, digest: str) -> bool:
        """Encrypt a blob that is not, or wrap its key by the present one; False if nothing is to do.

        The old bytes are there until the new ones are: whoever is killed goes on later.
        """
        with self.place.open(digest) as file:
            head = read_head(file)
            if head is not None and head.key == self.wrapper.id:
                return False
            if head is not None:
                id, wrapped = self._wrapped(self._unwrapped(head.key, head.wrapped))
                again = msgspec.structs.replace(head, key=id, wrapped=wrapped)
                rest = iter(lambda: file.read(_PIECE), b"")
                draft = self.place.write(_joined(write_head(again), rest))
                self.place.publish(draft, digest)
                return True
        seen, key = hashlib.sha256(), self._data_key()
        head = make_head(key.id, key.wrapped)

        def hashed() -> Iterator[bytes]:
            for chunk in self._plain(digest):
                seen.update(chunk)
                yield chunk

        draft = self.place.write(sealed(hashed(), key.key, head))
        try:
            check(digest, seen.hexdigest(), self.inner.url)
        except DigestMismatch:
            draft.unlink()
            raise
        self.place.publish(draft, digest)
        return True

    def _plain(self, digest: str) -> Iterator[bytes]:
        with self.place.open(digest) as file:
            head = read_head(file)
            if head is not None:
                yield from opened(file, self._unwrapped(head.key, head.wrapped), head)
                return
        with self.place.open(digest) as file:
            while piece := file.read(_PIECE):
                yield piece

    def _is_whole(self, digest: str) -> bool:
        with suppress(NotFound, DigestMismatch):
            self.verify(digest)
            return True
        return False

    def _data_key(self) -> _DataKey:
        with self._lock:
            data_key = self._present
            if data_key is None or data_key.used >= _MAX_BLOBS_OF_KEY or data_key.id != self.wrapper.id:
                key = secrets.token_bytes(32)
                data_key = _DataKey(key, *self._wrapped(key), 0)
            self._present = data_key._replace(used=data_key.used + 1)
            return self._present

    def _wrapped(self, key: bytes) -> tuple[str, bytes]:
        """Wrap a key, and tell which key did it, also if that is changed meanwhile."""
        while True:
            id = self.wrapper.id
            wrapped = self.wrapper.wrap(key)
            if self.wrapper.id == id:
                return id, wrapped

    def _unwrapped(self, id: str, wrapped: bytes) -> bytes:
        # An LRU cache: to unwrap may be a call to a key service, and a thousand blobs share a data key.
        with self._lock:
            if wrapped not in self._known:
                self._known[wrapped] = self.wrapper.unwrap(id, wrapped)
                if len(self._known) > _MAX_BLOBS_OF_KEY:
                    self._known.popitem(last=False)
            self._known.move_to_end(wrapped)
            return self._known[wrapped]


def sealed_url(inner: str, key: str) -> str:
    """Return the URL of a store whose blobs are encrypted."""
    return f"{SCHEME}{inner}?key={quote(key, safe='/:')}"


def _joined(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest
