"""Model folders on the local disk, each under the digest of its tree, and checked before it is used."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from meguru.artifacts import trees
from meguru.base import digests
from meguru.base.cache import cache_folder


def fetch_model(ws: Any, tree: str) -> Path:
    """Return a local folder that holds exactly the files of a tree.

    A copy that was changed on this disk is thrown away and fetched again.

    Raises
    ------
    DigestMismatch
        When a blob of the tree was changed in the store.
    NotFound
        When the tree, or one of its blobs, is not in the store.
    """
    # Checked each time: whoever can write to this disk could otherwise exchange a model that was verified.
    folder = _home(ws) / tree
    if folder.exists() and not _whole(folder, trees.read_tree(ws.blobs, tree)):
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-"))
        # Renamed first, for who fetches it meanwhile must not find it half removed; another thread may have
        # moved the same folder away just now.
        with suppress(FileNotFoundError):
            folder.rename(aside / "model")
        shutil.rmtree(aside, ignore_errors=True)
    return trees.fetch(ws.blobs, tree, folder)


def _home(ws: Any) -> Path:
    if hasattr(ws, "cache_folder"):
        return Path(ws.cache_folder("models"))
    return cache_folder("models")


def _whole(folder: Path, entries: list[trees.TreeEntry]) -> bool:
    try:
        there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
        return there == {entry.path for entry in entries} and all(
            not (folder / entry.path).is_symlink() and digests.of_file(folder / entry.path) == entry.digest
            for entry in entries
        )
    except FileNotFoundError:  # another thread found the same, and has moved it away
        return False
