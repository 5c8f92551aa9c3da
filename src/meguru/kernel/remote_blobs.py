"""The blobs of a workspace that a server holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.errors import DigestMismatch, NotFound
from meguru.kernel.remote import error_of
from meguru.storage.blobs.base import check, missing
from meguru.storage.blobs.read_cache import ReadCache

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace


class RemoteBlobs:
    """The server's blobs."""

    def __init__(self, ws: RemoteWorkspace) -> None:
        self._ws, self.url = ws, ws.url
        self._cache = ReadCache(cache_folder("blobs"))

    def put_bytes(self, data: bytes) -> str:
        """Upload bytes; return their digest."""
        digest = digests.of_bytes(data)
        if not self.has(digest):
            self._ws.send("PUT", _blob(digest), content=data)
        return digest

    def put_file(self, path: Path) -> str:
        """Upload a file's content in bounded memory; return its digest."""
        return self._upload(self._cache.put_file(path))

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Upload bytes that come in pieces, in bounded memory; return their digest."""
        return self._upload(self._cache.put_chunks(chunks))

    def _upload(self, digest: str) -> str:
        if not self.has(digest):
            with self._cache.path(digest).open("rb") as file:
                self._ws.send("PUT", _blob(digest), content=file)
        return digest

    def get_bytes(self, digest: str) -> bytes:
        """Download bytes, checked."""
        data: bytes = self._ws.send("GET", _blob(digest)).content
        check(digest, digests.of_bytes(data), self.url)
        return data

    def path(self, digest: str) -> Path:
        """Return a local copy, to be read only; it is downloaded in bounded memory."""
        with suppress(NotFound, DigestMismatch):
            return self._cache.path(digest)
        with self._ws.stream(_blob(digest)) as chunks:
            check(digest, self._cache.put_chunks(chunks), self.url)
        return self._cache.path(digest)

    def has(self, digest: str) -> bool:
        """Tell whether the server has the blob."""
        return bool(self._ws.ask("HEAD", _blob(digest)).status_code == HTTPStatus.OK)

    def size(self, digest: str) -> int:
        """Return the number of bytes."""
        answer = self._ws.ask("HEAD", _blob(digest))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise missing(digest)
        if answer.is_error:
            raise error_of(answer)
        return int(answer.headers["content-length"])

    def verify(self, digest: str) -> None:
        """Download every byte and compare the digest; nothing is stored."""
        seen = hashlib.sha256()
        with self._ws.stream(_blob(digest)) as chunks:
            for chunk in chunks:
                seen.update(chunk)
        check(digest, seen.hexdigest(), self.url)


def _blob(digest: str) -> str:
    return f"/api/v1/blobs/{digests.check_digest(digest)}"
