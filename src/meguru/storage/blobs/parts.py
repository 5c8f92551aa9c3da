"""Parts of blobs that are on their way: beside the blobs, durable, gone when their upload is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from meguru.storage.blobs.base import BlobStore
from meguru.storage.blobs.local import LocalStore, fsync_path, state_of
from meguru.storage.blobs.objects import ObjectStore

_CHUNK = 1 << 20
_FOLDER = "parts"


class Parts(Protocol):
    """Parts by the name of their upload and their own; durable when `keep` returns, seen by every server.

    Names are made by us, never by a client: letters, digits and ``-``.
    """

    def keep(self, upload: str, name: str, draft: Path) -> None:
        """Take a whole file in, over the part of this name; the file may be gone afterwards."""
        ...

    def read(self, upload: str, name: str) -> Iterator[bytes]:
        """Give a part piece by piece; FileNotFoundError when it is not there."""
        ...

    def is_untouched(self, upload: str, name: str) -> bool:
        """Tell whether a part is known to be as this process kept it, so that it need not be checked."""
        ...

    def drop(self, upload: str, name: str = "") -> None:
        """Remove one part, or all of an upload; what is not there is fine."""
        ...

    def uploads(self) -> list[tuple[str, datetime]]:
        """Return the uploads that have parts, and when each last got one."""
        ...


def parts_of(blobs: BlobStore, folder: Path) -> Parts:
    """Return where a store's parts are; `folder` is for stores that have no place of their own."""
    if isinstance(blobs, ObjectStore):
        return ObjectParts(blobs)
    return LocalParts((blobs.folder if isinstance(blobs, LocalStore) else folder) / _FOLDER)


_states: dict[Path, dict[str, tuple[int, ...]]] = {}
"""How this process left the files of each upload that is under way."""


class LocalParts:
    """A folder an upload, a file a part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, upload: str, name: str, draft: Path) -> None:
        """Take a whole file in by its name alone, once the disk has it."""
        fsync_path(draft)
        # The bytes first, then the name, then the folders that hold it: as `LocalStore` publishes a blob.
        home = self._folder / upload
        # Another process that made it may not have synced the folders above it yet, and may be dead.
        is_new = home not in _states or not home.exists()
        home.mkdir(parents=True, exist_ok=True)
        draft.replace(home / name)
        for folder in (home, self._folder, self._folder.parent) if is_new else (home,):
            fsync_path(folder)
        _states.setdefault(home, {})[name] = state_of((home / name).stat())

    def read(self, upload: str, name: str) -> Iterator[bytes]:
        """Give a part piece by piece."""
        with (self._folder / upload / name).open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece

    def is_untouched(self, upload: str, name: str) -> bool:
        """Tell whether the file is in the state in which this process left it."""
        home = self._folder / upload
        with suppress(FileNotFoundError):
            return _states.get(home, {}).get(name) == state_of((home / name).stat())
        return False

    def drop(self, upload: str, name: str = "") -> None:
        """Remove one part, or all of an upload."""
        home = self._folder / upload
        if name:
            _states.get(home, {}).pop(name, None)
            (home / name).unlink(missing_ok=True)
            with suppress(OSError):  # others are there
                home.rmdir()
        else:
            _states.pop(home, None)
            shutil.rmtree(home, ignore_errors=True)

    def uploads(self) -> list[tuple[str, datetime]]:
        """Return the uploads that have parts, and when each last got one."""
        found = []
        with suppress(FileNotFoundError), os.scandir(self._folder) as folders:
            for folder in folders:
                with suppress(FileNotFoundError):  # it ended just now
                    found.append((folder.name, datetime.fromtimestamp(folder.stat().st_mtime, UTC)))
        return found


class ObjectParts:
    """An object a part, ``parts/UPLOAD/NAME``; put together on the server that is asked to."""

    def __init__(self, blobs: ObjectStore) -> None:
        self._blobs = blobs

    def keep(self, upload: str, name: str, draft: Path) -> None:
        """Send a whole file to the store."""
        import obstore

        with self._blobs.explained():
            obstore.put(self._store, f"{_FOLDER}/{upload}/{name}", draft)
        draft.unlink(missing_ok=True)

    def read(self, upload: str, name: str) -> Iterator[bytes]:
        """Give a part piece by piece."""
        import obstore

        with self._blobs.explained():
            for piece in obstore.get(self._store, f"{_FOLDER}/{upload}/{name}").stream(min_chunk_size=_CHUNK):
                yield bytes(piece)

    def is_untouched(self, upload: str, name: str) -> bool:
        """Tell that nobody knows: what comes from elsewhere is checked."""
        del upload, name
        return False

    def drop(self, upload: str, name: str = "") -> None:
        """Remove one part, or all of an upload."""
        import obstore

        with self._blobs.explained(), suppress(FileNotFoundError):
            if name:
                obstore.delete(self._store, f"{_FOLDER}/{upload}/{name}")
                return
            # A prefix of obstore ends at a slash: parts/a is not a beginning of parts/ab/1.
            for found in obstore.list(self._store, f"{_FOLDER}/{upload}"):
                obstore.delete(self._store, [each["path"] for each in found])

    def uploads(self) -> list[tuple[str, datetime]]:
        """Return the uploads that have parts, and when each last got one."""
        import obstore

        newest: dict[str, datetime] = {}
        with self._blobs.explained():
            for found in obstore.list(self._store, _FOLDER):
                for each in found:
                    upload = each["path"].split("/")[1]
                    newest[upload] = max(newest.get(upload, each["last_modified"]), each["last_modified"])
        return list(newest.items())

    @property
    def _store(self) -> Any:
        return self._blobs.store
