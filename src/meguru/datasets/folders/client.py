"""Folders from Python: add one as the next version of a dataset; the same here and on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from meguru.datasets.folders import index
from meguru.datasets.folders.contents import FileProgress, FolderContents
from meguru.datasets.folders.index import FORMAT
from meguru.datasets.folders.locations import FolderLocation
from meguru.datasets.folders.register import register_folder
from meguru.datasets.folders.types import Label
from meguru.datasets.manifest import load_manifest
from meguru.datasets.show import show
from meguru.datasets.types import Checks, DatasetVersion
from meguru.errors import Conflict, NotFound
from meguru.kernel.operations import Door
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_TRIES = 5


class FolderDoor(Door, Protocol):
    """A workspace, here or on a server."""

    @property
    def blobs(self) -> BlobStore:
        """The place's blobs."""
        ...


class AddedFolder(msgspec.Struct, frozen=True, kw_only=True):
    """The version that has a folder's files, and what was done for it.

    `read` files were read, the others known by their times; `new_bytes` were stored of their content.
    """

    version: DatasetVersion
    files: int
    read: int
    new_bytes: int
    left_out: int


def add_folder(
    ws: FolderDoor,
    name: str,
    place: FolderLocation,
    *,
    append: bool = False,
    label: Label = "",
    checks: Checks | None = None,
    note: str = "",
    progress: FileProgress | None = None,
) -> AddedFolder:
    """Make the files of a folder the next version of a dataset; an unchanged folder makes none.

    Parameters
    ----------
    ws
        The workspace.
    name
        The dataset; ``photos@trial`` names its branch `trial`.
    place
        The folder, listed.
    append
        Whether files of the newest version that are not in the folder stay.
    label
        ``folder``: a column has the name of the folder that each file is in.

    Raises
    ------
    InvalidInput
        If the dataset's rows are no files, or a check fails.
    Conflict
        If the folder or the dataset goes on changing meanwhile.
    """
    for tried in range(_TRIES):
        try:
            return _add(
                ws, name, place, append=append, label=label, checks=checks, note=note, progress=progress
            )
        except Conflict as error:
            # One with a place is about a file that changed: to try again is for who listed the folder.
            if error.where or tried == _TRIES - 1:
                raise
    raise AssertionError


def _add(
    ws: FolderDoor,
    name: str,
    place: FolderLocation,
    *,
    append: bool,
    label: Label,
    checks: Checks | None,
    note: str,
    progress: FileProgress | None,
) -> AddedFolder:
    newest = _newest(ws, name)
    known = newest is not None and newest.format == FORMAT and not newest.remote_environment
    before = index.read(ws.blobs, load_manifest(ws.blobs, newest)) if newest and known else index.empty()
    look = FolderContents(ws.blobs, place, before)
    files = look.files(progress)
    removed = [] if append else _removed_paths(before, place)
    relabelled = bool(label) and index.LABEL not in before.columns
    if newest and known and not files and not removed and not relabelled:
        version = newest
    else:
        packs = look.packs()
        version = register_folder(
            ws,
            name=name.partition("@")[0],
            branch=name.partition("@")[2],
            files=files,
            packs=packs,
            removed=removed,
            base="" if newest is None else newest.digest if known else None,
            label=label,
            checks=checks,
            note=note,
        )
    return AddedFolder(
        version=version,
        files=place.seen.height,
        read=look.read,
        new_bytes=look.new_bytes,
        left_out=place.left_out,
    )


def _newest(ws: FolderDoor, name: str) -> DatasetVersion | None:
    try:
        return show(ws, ref=name)
    except NotFound:
        return None


def _removed_paths(before: pl.DataFrame, place: FolderLocation) -> list[str]:
    return before.join(place.seen, on="path", how="anti")["path"].to_list()
