"""A folder that is stored as a tree already, as a step of a pipeline returns it, becomes a version."""

from __future__ import annotations

from meguru.artifacts import trees
from meguru.datasets.folders.register import FolderChanges, record_folder
from meguru.datasets.folders.types import FilePart, FolderFile
from meguru.datasets.types import DatasetVersion
from meguru.kernel.operations import Context


def register_tree(ctx: Context, name: str, digest: str, source: str) -> DatasetVersion:
    """Register the files of a tree; each stays the blob that it is, and is a pack by itself.

    Raises
    ------
    InvalidInput
        If a name can't be kept, or the dataset's rows are no files.
    """
    entries = trees.read_tree(ctx.blobs, digest)
    # Nothing is copied: the blobs of the tree serve as packs.
    packs = list(dict.fromkeys(entry.digest for entry in entries if entry.size))
    place = {pack: number for number, pack in enumerate(packs)}
    files = [
        FolderFile(
            path=entry.path,
            digest=entry.digest,
            size=entry.size,
            parts=[FilePart(pack=place[entry.digest], offset=0, size=entry.size)] if entry.size else [],
        )
        for entry in entries
    ]
    changes = FolderChanges(files, packs, removed=[], base=None)
    return record_folder(ctx, name, changes, note=f"made by {source}", used=[source])
