"""A folder as one digest: a manifest blob that lists each file's path, digest and size."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from meguru.base import digests
from meguru.base.paths import check_path
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore

MAX_FILES = 100_000


class TreeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a tree; `path` is relative, with ``/``, and never leaves the tree."""

    path: str
    digest: str
    size: int


def put_folder(blobs: BlobStore, folder: Path) -> str:
    """Store all files below `folder`; return the tree's digest.

    Links are refused: what they point to may be outside, or change. Empty folders, times and modes
    are not kept, so equal contents are equal digests.
    """
    entries = []
    for place, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            path = Path(place) / name
            if path.is_symlink():
                raise InvalidInput(
                    f"{path} is a symbolic link", where=str(path), hint="put the file itself there"
                )
        for name in files:
            path = Path(place) / name
            if not path.is_file():  # of a pipe, the read would never end
                raise InvalidInput(f"{path} is no file", where=str(path))
            relative = path.relative_to(folder).as_posix()
            entries.append(TreeEntry(path=relative, digest=blobs.put_file(path), size=path.stat().st_size))
    return put_entries(blobs, entries)


def put_entries(blobs: BlobStore, entries: Iterable[TreeEntry]) -> str:
    """Store a manifest over blobs that are already there; return the tree's digest."""
    listed = sorted(entries, key=lambda entry: entry.path)
    _check_paths(listed)
    return blobs.put_bytes(digests.canonical(listed))


def read_tree(blobs: BlobStore, digest: str) -> list[TreeEntry]:
    """Return the files of a tree, sorted by path.

    Raises
    ------
    InvalidInput
        If the blob is not a manifest, or a path in it would leave the tree.
    """
    body = blobs.get_bytes(digest)
    try:
        entries = msgspec.json.decode(body, type=list[TreeEntry])
        if len(entries) > MAX_FILES:
            raise InvalidInput(f"a tree can't have {len(entries)} files", why=f"{MAX_FILES} are allowed")
        _check_paths(entries)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidInput) as error:
        raise InvalidInput(f"blob {digest[:12]}… is not a tree", where=digest, why=str(error)) from error
    return entries


def _check_paths(entries: list[TreeEntry]) -> None:
    files: set[str] = set()
    for entry in entries:
        check_path(entry.path)
        digests.check_digest(entry.digest)
        if entry.path in files:
            raise InvalidInput(f"two files of the tree are called {entry.path!r}")
        files.add(entry.path)
    for entry in entries:
        parent = entry.path.rpartition("/")[0]
        while parent:
            if parent in files:
                raise InvalidInput(f"{parent!r} is a file of the tree, and a folder too")
            parent = parent.rpartition("/")[0]


def fetch(blobs: BlobStore, digest: str, folder: Path) -> Path:
    """Write a tree's files below `folder`, checked; the folder appears whole or not at all.

    A `folder` that is already there is taken to hold this tree: name it by the digest.
    """
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".tree-"))  # on the same disk, for the rename
    try:
        for entry in read_tree(blobs, digest):
            target = draft / entry.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(blobs.path(entry.digest), target)
        draft.rename(folder)
    except OSError:
        # Another process may have been faster; its folder is as good.
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder
