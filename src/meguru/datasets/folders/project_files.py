"""A folder that a project file names: told by the digest of its files in a plan, registered by an apply."""

from __future__ import annotations

from pathlib import Path

from meguru.datasets.folders import index
from meguru.datasets.folders.client import FolderDoor, add_folder
from meguru.datasets.folders.contents import FolderContents
from meguru.datasets.folders.locations import LocalFolder
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.manifest import load_manifest
from meguru.errors import Conflict, InvalidInput
from meguru.storage.blobs.digest_only import DigestOnlyBlobs

_found: dict[str, Path] = {}
"""By the digest of its files, the folder that was looked at: where it is when it is applied."""


def planned(root: Path, given: list[str]) -> str:
    """Return the digest of a folder's files; only those that changed since the last look are read.

    Raises
    ------
    InvalidInput
        If it is no folder of the project, or has files that can't be kept.
    """
    folder = _folder(root, given)
    content = FolderContents(DigestOnlyBlobs(), LocalFolder(folder), index.empty()).content()
    _found[content] = folder
    return content


def carry_folder(ws: FolderDoor, root: Path, name: str, spec: DatasetSpec) -> None:
    """Register the files that `planned` saw.

    Raises
    ------
    Conflict
        If they are not the files that were planned any more.
    """
    del root
    folder = _found.get(spec.content)
    if folder is None:  # a digest alone: who declares it says that they are there
        return
    version = add_folder(ws, name, LocalFolder(folder), label=spec.label, checks=spec.checks).version
    if load_manifest(ws.blobs, version).content != spec.content:
        raise Conflict(f"the files of dataset/{name} changed meanwhile", hint="plan again")


def _folder(root: Path, given: list[str]) -> Path:
    if len(given) != 1:
        why = f"{len(given)} are named"
        raise InvalidInput(
            "a dataset of files is one folder", why=why, hint='files = ["photos/"]', field="files"
        )
    place = given[0]
    if "\0" in place or Path(place).is_absolute() or ".." in Path(place).parts or not place.strip():
        why = "it must be relative to the folder of meguru.toml, without '..'"
        raise InvalidInput(f"{place[:200]!r} is not within the project's folder", why=why, field="files[0]")
    folder = (root / place).resolve()
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder {place[:200]!r}", why=f"in {root}", field="files[0]")
    if not folder.is_relative_to(root):
        why = "a link leads out of it"
        raise InvalidInput(f"{place[:200]!r} is outside of the project", why=why, field="files[0]")
    return folder
