"""Files in an object store: one, all below a prefix, or those of a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from meguru.base.paths import check_path
from meguru.datasets.sources.base import Fetched, Progress
from meguru.errors import InvalidInput, UsageError, masked
from meguru.storage.blobs.objects import connection_options

MOST_FILES = 10_000


class Objects:
    """Reads from S3, GCS or Azure; credentials and endpoints come from the environment alone."""

    def __init__(self, address: str, query: str = "") -> None:
        if query:
            raise UsageError("a query is asked of a database, not of files", field="query")
        self.address = address
        parts = urlsplit(address)
        self.bucket, self.key = f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")

    def fetch(self, folder: Path, progress: Progress) -> list[Fetched]:
        """Bring the files; each is called by its place below the part of the address without a pattern."""
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        try:
            store: Any = from_url(self.bucket, **connection_options(self.bucket))
            root, keys = self._keys(store)
            found, done = [], 0
            for key in keys:
                path = check_path(key.removeprefix(root).lstrip("/") or key.rpartition("/")[2], field="files")
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as file:
                    for chunk in obstore.get(store, key).stream():
                        file.write(chunk)
                        done += len(chunk)
                        progress(done, path)
                found.append(Fetched(path=path, file=place))
        except (BaseError, OSError) as error:
            why = masked(str(error)).split("\n")[0][:300]
            raise InvalidInput(f"{masked(self.address)} can't be read", why=why, field="files") from error
        return found

    def _keys(self, store: Any) -> tuple[str, list[str]]:
        import obstore

        pattern = any(mark in self.key for mark in "*?[")
        if self.key and not pattern and not self.key.endswith("/"):
            return self.key.rpartition("/")[0], [self.key]
        fixed = self.key if not pattern else _before_pattern(self.key)
        keys = [
            str(each["path"])
            for page in obstore.list(store, prefix=fixed.rstrip("/") or None)
            for each in page
            if each["size"] and (not pattern or fnmatchcase(str(each["path"]), self.key))
        ]
        if not keys or len(keys) > MOST_FILES:
            why = f"{len(keys):,} files are there; 1 to {MOST_FILES:,} can be read"
            raise InvalidInput(f"{masked(self.address)} can't be read", why=why, field="files")
        return fixed.rstrip("/"), sorted(keys)


def _before_pattern(key: str) -> str:
    parts = []
    for part in key.split("/"):
        if any(mark in part for mark in "*?["):
            break
        parts.append(part)
    return "/".join(parts)
