"""Where Delta tables are stored: beside the blobs as hard links, or in a bucket as copies."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Protocol

from meguru.base import refs
from meguru.datasets.versions.deleted import vector_name
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore, key_of

FOLDER = "tables"
_DIGEST = re.compile(r"(?:made-)?([0-9a-f]{64})")
LOG = "_delta_log"


class TableStorage(Protocol):
    """One table's files. Each is written whole, once, and is what its name says."""

    uri: str

    def commits(self) -> list[int]:
        """Return the versions in the log, ascending."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a small file, unless it is there."""
        ...

    def link(self, name: str, digest: str) -> int:
        """Let a file be a blob; return how many bytes that costs."""
        ...

    def add(self, name: str, file: Path) -> None:
        """Bring a file here, unless it is there."""
        ...

    def clear(self) -> None:
        """Remove all of it."""
        ...


def storage_of(blobs: BlobStore, name: str) -> TableStorage:
    """Return where the table of a dataset is, whether or not it was made."""
    path = f"{FOLDER}/{refs.project_of(name) or refs.DEFAULT}/{refs.bare(name)}"
    if isinstance(blobs, LocalStore):
        return LocalTable(blobs, blobs.folder / path)
    if isinstance(blobs, ObjectStore):
        return BucketTable(blobs, path)
    hint = "read it by its name: nothing but Meguru opens encrypted blobs"
    raise InvalidInput("there are no tables beside these blobs", where=blobs.url, hint=hint, field="ref")


def clear(blobs: BlobStore, name: str) -> None:
    """Remove the table of a dataset, if these blobs have tables beside them."""
    if isinstance(blobs, LocalStore | ObjectStore):
        storage_of(blobs, name).clear()


def tables_of(blobs: BlobStore) -> list[str]:
    """Return the names of the datasets whose tables are in a folder here."""
    if not isinstance(blobs, LocalStore):
        return []
    root = blobs.folder / FOLDER
    found = [place.parent.relative_to(root).parts for place in root.glob(f"*/*/{LOG}")]
    return sorted(refs.within("" if project == refs.DEFAULT else project, name) for project, name in found)


def remove_blobs(blobs: BlobStore, digests: AbstractSet[str]) -> None:
    """Remove what tables have of blobs that are freed: of two names of a file both must go."""
    vectors = {vector_name(digest) for digest in digests}

    def goes(name: str) -> bool:
        found = _DIGEST.match(name)
        return name in vectors or (found is not None and found[1] in digests)

    if isinstance(blobs, LocalStore):
        for file in (blobs.folder / FOLDER).glob("*/*/*"):
            if goes(file.name):
                file.unlink(missing_ok=True)
    elif isinstance(blobs, ObjectStore):
        import obstore

        with blobs.explained():
            listed = [each["path"] for page in obstore.list(blobs.store, f"{FOLDER}/") for each in page]
            gone = [path for path in listed if goes(path.rpartition("/")[2])]
            if gone:
                obstore.delete(blobs.store, gone)


class LocalTable:
    """A table in a folder, whose files are other names of blobs: they cost no bytes."""

    def __init__(self, blobs: LocalStore, folder: Path) -> None:
        self.blobs, self.folder, self.uri = blobs, folder, str(folder)

    def commits(self) -> list[int]:
        """Return the versions in the log."""
        return sorted(int(each.stem) for each in (self.folder / LOG).glob("*.json") if each.stem.isdecimal())

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write a file beside, and give it its name if nothing has it."""
        draft = self._draft()
        draft.write_bytes(data)
        self._publish(draft, name)

    def link(self, name: str, digest: str) -> int:
        """Give a blob another name."""
        blob, place = self.blobs.path(digest), self.folder / name
        if place.exists():
            return 0
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with contextlib.suppress(FileExistsError):
                os.link(blob, place)
        except OSError:  # a disk without links
            draft = self._draft()
            shutil.copyfile(blob, draft)
            self._publish(draft, name)
            return blob.stat().st_size
        return 0

    def add(self, name: str, file: Path) -> None:
        """Copy a file here."""
        draft = self._draft()
        shutil.copyfile(file, draft)
        self._publish(draft, name)

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _draft(self) -> Path:
        self.blobs.drafts.mkdir(parents=True, exist_ok=True)
        return self.blobs.drafts / f"table-{uuid.uuid4().hex}"

    def _publish(self, draft: Path, name: str) -> None:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            # A name that is there stays: each file is the same whoever writes it.
            # A hard link is atomic and never replaces: Delta's "put if absent" for commits on one machine.
            with contextlib.suppress(FileExistsError):
                os.link(draft, place)
        except OSError:
            draft.replace(place)
        draft.unlink(missing_ok=True)


class BucketTable:
    """A table in the bucket of the blobs; its files are copies that the bucket makes."""

    def __init__(self, blobs: ObjectStore, path: str) -> None:
        self.blobs, self.path, self.uri = blobs, path, f"{blobs.url.rstrip('/')}/{path}"

    def commits(self) -> list[int]:
        """Return the versions in the log."""
        import obstore

        with self.blobs.explained():
            listed = [each for page in obstore.list(self.blobs.store, f"{self.path}/{LOG}/") for each in page]
        names = [each["path"].rpartition("/")[2].removesuffix(".json") for each in listed]
        return sorted(int(name) for name in names if name.isdecimal())

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        import obstore

        with self.blobs.explained():
            return bytes(obstore.get(self.blobs.store, f"{self.path}/{name}").bytes())

    def write(self, name: str, data: bytes) -> None:
        """Write an object, if it is not there."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self.blobs.explained(), contextlib.suppress(AlreadyExistsError):
            obstore.put(self.blobs.store, f"{self.path}/{name}", data, mode="create")

    def link(self, name: str, digest: str) -> int:
        """Let the bucket copy a blob."""
        import obstore

        if self._has(name):
            return 0
        with self.blobs.explained():
            obstore.copy(self.blobs.store, key_of(digest), f"{self.path}/{name}")
        return self.blobs.size(digest)

    def add(self, name: str, file: Path) -> None:
        """Upload a file."""
        import obstore

        if not self._has(name):
            with self.blobs.explained():
                obstore.put(self.blobs.store, f"{self.path}/{name}", file)

    def clear(self) -> None:
        """Remove all objects of the table."""
        import obstore

        with self.blobs.explained():
            listed = [
                each["path"] for page in obstore.list(self.blobs.store, f"{self.path}/") for each in page
            ]
            if listed:
                obstore.delete(self.blobs.store, listed)

    def _has(self, name: str) -> bool:
        import obstore

        with self.blobs.explained():
            try:
                obstore.head(self.blobs.store, f"{self.path}/{name}")
            except FileNotFoundError:
                return False
        return True
