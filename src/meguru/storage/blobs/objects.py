"""Blobs in an object store (S3, GCS, Azure) through obstore, with a local read cache."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.errors import Busy, DigestMismatch, NotFound, UsageError, masked
from meguru.storage.blobs.base import check, missing
from meguru.storage.blobs.read_cache import ReadCache

_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")


class ObjectStore:
    """One object a blob, put only if absent.

    Credentials and endpoints come from the standard environment variables of the store
    (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ``AWS_ALLOW_HTTP`` …), never from the URL.
    """

    def __init__(self, url: str, cache: Path | None = None) -> None:
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        self.url = url
        try:
            self.store = from_url(url, **connection_options(url))
        except BaseError:
            # Its words would repeat the URL, and whatever secret stands in it.
            hint = "write s3://BUCKET/PREFIX; credentials go into the environment"
            raise UsageError(f"{masked(url)!r} is no place for blobs", hint=hint) from None
        self._cache = ReadCache(cache or cache_folder("blobs"))

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        digest = digests.of_bytes(data)
        self._put(digest, data)
        return digest

    def put_file(self, path: Path) -> str:
        """Store a file's content; it passes through the local cache, which hashes it."""
        return self._upload(self._cache.put_file(path))

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Store the bytes that come in pieces; they pass through the local cache, which hashes them."""
        return self._upload(self._cache.put_chunks(chunks))

    @property
    def drafts(self) -> Path:
        """Where a file is written that is to be adopted."""
        return self._cache.drafts

    def adopt(self, draft: Path, digest: str) -> str:
        """Store a file below `drafts` whose digest its writer knows; it becomes a file of the cache."""
        return self._upload(self._cache.adopt(draft, digest))

    def drop_drafts(self, before: float) -> int:
        """Remove half-written files of the cache that nobody wrote to since `before`; count them."""
        return self._cache.drop_drafts(before)

    def _upload(self, digest: str) -> str:
        if not self.has(digest):
            self._put(digest, self._cache.path(digest))
        return digest

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes, checked."""
        # A cache that was damaged is no fault: the object is fetched again.
        with contextlib.suppress(NotFound, DigestMismatch):
            return self._cache.get_bytes(digest)
        data = b"".join(self._fetch(digest))
        check(digest, digests.of_bytes(data), f"{self.url}/{key_of(digest)}")
        return data

    def path(self, digest: str) -> Path:
        """Return a file of the local cache that holds the bytes; they are fetched in bounded memory."""
        with contextlib.suppress(NotFound, DigestMismatch):
            return self._cache.path(digest)
        check(digest, self._cache.put_chunks(self._fetch(digest)), f"{self.url}/{key_of(digest)}")
        return self._cache.path(digest)

    def has(self, digest: str) -> bool:
        """Tell whether the blob is in the object store (the cache does not count)."""
        import obstore

        with self.explained():
            try:
                obstore.head(self.store, key_of(digest))
            except FileNotFoundError:
                return False
        return True

    def size(self, digest: str) -> int:
        """Return the number of bytes."""
        import obstore

        with self.explained():
            try:
                return int(obstore.head(self.store, key_of(digest))["size"])
            except FileNotFoundError:
                raise missing(digest) from None

    def delete(self, digest: str) -> None:
        """Remove the blob, if it is there: only what nothing refers to."""
        import obstore

        self._cache.delete(digest)
        with self.explained(), contextlib.suppress(FileNotFoundError):
            obstore.delete(self.store, key_of(digest))

    def listed(self, before: float) -> Iterator[str]:
        """Return the blobs whose objects were written before a moment."""
        import obstore

        with self.explained():
            for page in obstore.list(self.store):
                for each in page:
                    digest = each["path"].replace("/", "", 1)
                    if _KEY.fullmatch(each["path"]) and each["last_modified"].timestamp() < before:
                        yield digest

    def verify(self, digest: str) -> None:
        """Fetch every byte from the object store and compare the digest; the cache is no proof."""
        seen = hashlib.sha256()
        for chunk in self._fetch(digest):
            seen.update(chunk)
        check(digest, seen.hexdigest(), f"{self.url}/{key_of(digest)}")

    def _put(self, digest: str, data: bytes | Path) -> None:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        small = isinstance(data, bytes) or data.stat().st_size < 64 << 20
        with self.explained(), contextlib.suppress(AlreadyExistsError):
            # A conditional put can't be multipart; a large file is put as it is: same key, same bytes.
            obstore.put(self.store, key_of(digest), data, mode="create" if small else "overwrite")

    def _fetch(self, digest: str) -> Iterator[bytes]:
        import obstore

        with self.explained():
            try:
                for chunk in obstore.get(self.store, key_of(digest)).stream():
                    yield bytes(chunk)
            except FileNotFoundError:
                raise missing(digest) from None

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Raise what the store's library raises as an error of ours; what is absent stays as it is."""
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            yield
        except (AlreadyExistsError, FileNotFoundError):
            raise
        except BaseError as error:
            why = str(error).partition("\n")[0]
            hint = "check that it runs, its bucket and its credentials"
            raise Busy("the object store does not answer", where=self.url, why=why, hint=hint) from error


def key_of(digest: str) -> str:
    """Return the name of a blob's object in its bucket or prefix."""
    digests.check_digest(digest)
    return f"{digest[:2]}/{digest[2:]}"


def connection_options(url: str) -> dict[str, Any]:
    """Return what obstore wants to know beside a URL: the endpoint, from the environment."""
    if not url.startswith("s3://"):
        return {}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    allow_http = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"} or endpoint.startswith(
        "http://"
    )
    options: dict[str, Any] = {"client_options": {"allow_http": allow_http}}
    if endpoint:
        options["config"] = {"aws_endpoint_url": endpoint}
    return options
