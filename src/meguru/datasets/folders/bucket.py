"""A folder in an object store, listed with the tags of its objects: only new ones are fetched."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from meguru.base import digests
from meguru.datasets.folders.locations import OpenedFile
from meguru.datasets.folders.names import chosen, why_refused
from meguru.datasets.folders.walk import LEFT_OUT, FoundFiles
from meguru.errors import Conflict, InvalidInput, UsageError, masked
from meguru.storage.blobs.objects import connection_options

if TYPE_CHECKING:
    import polars as pl

SCHEMES = ("s3", "gs", "gcs", "az", "azure", "abfs", "abfss")
_MAX_IN_MEMORY = 8 << 20


def first_names(address: str) -> list[str]:
    """Return the names of some objects below an address; none, if it is no folder of a bucket."""
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    parts = urlsplit(address)
    bucket = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in SCHEMES or (parts.path.strip("/") and not parts.path.endswith("/")):
        return []
    try:
        store: Any = from_url(bucket, **connection_options(bucket))
        page = next(iter(obstore.list(store, prefix=parts.path.strip("/") or None)), [])
    except BaseError:
        return []  # who reads from it tells why
    return [str(each["path"]) for each in page if each["size"]]


class BucketFolder:
    """The objects below a prefix; each is called by what follows that."""

    def __init__(self, address: str, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES:
            hint = f"folders are at {', '.join(f'{each}://' for each in SCHEMES[:4])}"
            raise UsageError(f"{masked(address)!r} is no folder", hint=hint, field="files")
        self.address = masked(address)
        self._bucket = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.strip("/")
        self._tags: dict[str, str] = {}
        self.executable: set[str] = set()
        with self._explained():
            files = self._list(include, exclude)
        self.seen: pl.DataFrame = files.frame(self.address)
        self.left_out = files.left_out

    @contextmanager
    def open(self, path: str) -> Iterator[OpenedFile]:
        """Fetch an object that was listed.

        Raises
        ------
        Conflict
            If it is gone, or another one by now.
        """
        import obstore

        with self._explained():
            try:
                found = obstore.get(self._store, self._key(path))
            except FileNotFoundError:
                raise Conflict(f"{path!r} is gone", where=path, hint="add the folder again") from None
            tag = found.meta["e_tag"] or ""
            if tag != self._tags[path]:
                raise Conflict(f"{path!r} changed meanwhile", where=path, hint="add the folder again")
            with tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY) as file:
                for chunk in found.stream():
                    file.write(chunk)
                file.seek(0)
                yield OpenedFile(file=cast("IO[bytes]", file), settled=bool(tag))

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    def _list(self, include: Sequence[str], exclude: Sequence[str]) -> FoundFiles:
        import obstore
        from obstore.store import from_url

        self._store: Any = from_url(self._bucket, **connection_options(self._bucket))
        files = FoundFiles()
        for page in obstore.list(self._store, prefix=self._prefix or None):
            for each in page:
                path = str(each["path"]).removeprefix(self._prefix).lstrip("/")
                if not path:  # the address is an object, or one that stands for the folder
                    continue
                if not LEFT_OUT.isdisjoint(path.split("/")) or not chosen(path, include, exclude):
                    files.left_out += 1
                elif why := why_refused(path):
                    files.refused.append((path, why))
                else:
                    self._take(files, path, each)
        return files

    def _take(self, found: FoundFiles, path: str, each: Any) -> None:
        """Take in an object; its tag stands for the inode."""
        tag = each.get("e_tag") or ""
        self._tags[path] = tag
        # An object has no inode: a number made of its ETag is in its place, so that the stat cache serves
        # both.
        changed = round(each["last_modified"].timestamp() * 1e9)
        found.add(path, each["size"], changed, 0, int(digests.of_bytes(tag.encode())[:16], 16))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except BaseError as error:
            why = masked(str(error)).split("\n")[0][:300]
            raise InvalidInput(f"{self.address} can't be read", why=why, field="files") from error
