"""Files in an object store: one, all below a prefix, or those of a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from meguru.base.paths import check_path
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.listing import MAX_FILES, before_pattern, is_pattern, read_listed
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, Unreachable, UsageError, masked
from meguru.storage.blobs.objects import connection_options

PIECE = 32 << 20
"""Bytes that one request brings: each has the whole patience, and a cut costs no more than one of them."""
RETRIES = 3
REFUSED = {"PermissionDeniedError", "UnauthenticatedError", "InvalidPathError", "NotSupportedError"}
"""After these the same request ends alike."""


class ListedObject(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a listing; `mark` changes when it is replaced."""

    key: str
    size: int
    etag: str
    mark: str


class Objects:
    """Reads from S3, GCS or Azure; credentials and endpoints come from the environment alone.

    An object is known by its key and its etag (or the moment of its last change, and its size): only new and
    replaced ones are fetched again.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        if spec.query or spec.watermark:
            raise UsageError("a query and a watermark are of a database, not of files", field="query")
        self._spec, self._context = spec, context
        parts = urlsplit(spec.address)
        self.bucket, self.key = f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")

    def check(self) -> None:
        """Refuse an address without a bucket."""
        if not urlsplit(self.bucket).netloc:
            raise UsageError("which bucket?", hint="s3://BUCKET/PREFIX/*.parquet", field="source.from")

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the files; each is called by its place below the part of the address without a pattern."""
        del key
        with self._explained():
            store = self._store()
            root, found = self._list(store)
            there = {
                check_path(each.key.removeprefix(root).lstrip("/"), field="files"): each for each in found
            }
            marks = {path: each.mark for path, each in there.items()}

            def fetch(path: str, place: Path) -> None:
                self._fetch(store, there[path], place, sink)

            return read_listed(self._spec, self._context, since, sink, marks, fetch)

    def _store(self) -> Any:
        from obstore.store import from_url

        options = connection_options(self.bucket)
        client = options.pop("client_options", {}) | {"timeout": timedelta(seconds=self._spec.seconds)}
        patience: Any = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=self._spec.seconds)}
        return from_url(self.bucket, client_options=client, retry_config=patience, **options)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError:
            raise self._refused("it is not there") from None
        except (BaseError, OSError) as error:
            why = masked(str(error)).split("\n")[0][:300]
            if type(error).__name__ in REFUSED:
                raise self._refused(why) from error
            raise Unreachable(f"{masked(self._spec.address)} can't be read", why=why) from error

    def _refused(self, why: str) -> InvalidInput:
        return InvalidInput(f"{masked(self._spec.address)} can't be read", why=why, field="files")

    def _list(self, store: Any) -> tuple[str, list[ListedObject]]:
        import obstore

        if self.key and not is_pattern(self.key) and not self.key.endswith("/"):
            return self.key.rpartition("/")[0], [_listed(obstore.head(store, self.key))]
        fixed = before_pattern(self.key)
        objects: list[ListedObject] = []
        for page in obstore.list(store, prefix=fixed.rstrip("/") or None):
            objects += [_listed(each) for each in page if each["size"] and self._is_meant(str(each["path"]))]
            if len(objects) > MAX_FILES:
                raise self._refused(f"more than {MAX_FILES:,} files are there")
        if not objects:
            raise self._refused(f"0 files are there; 1 to {MAX_FILES:,} can be read")
        return fixed.rstrip("/"), sorted(objects, key=lambda each: each.key)

    def _is_meant(self, key: str) -> bool:
        return not is_pattern(self.key) or fnmatchcase(key, self.key)

    def _fetch(self, store: Any, listed: ListedObject, place: Path, sink: SourceSink) -> None:
        """Bring one object in pieces, all of the state that was listed."""
        import obstore

        with place.open("wb") as file:
            for start in range(0, listed.size, PIECE):
                sink.proceed()
                end = min(start + PIECE, listed.size)
                options: Any = {"range": (start, end)}
                if listed.etag:
                    # Pieces of two states of an object must not make one file.
                    options["if_match"] = listed.etag
                got = obstore.get(store, listed.key, options=options).bytes()
                if len(got) != end - start:
                    raise Unreachable(
                        f"{masked(self._spec.address)} can't be read",
                        why=f"{listed.key} gave {len(got):,} bytes of {end - start:,}",
                    )
                file.write(got)
                sink.progress(end, listed.key)


def _listed(meta: Any) -> ListedObject:
    etag = str(meta["e_tag"] or "")
    mark = f"{etag or meta['last_modified'].isoformat()} {meta['size']}"
    return ListedObject(key=str(meta["path"]), size=int(meta["size"]), etag=etag, mark=mark)
