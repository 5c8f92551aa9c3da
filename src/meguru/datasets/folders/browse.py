"""Page through the files of a version, with thumbnails of images."""

from __future__ import annotations

import threading
from collections import OrderedDict

import msgspec

from meguru.base.paging import Page, check_limit
from meguru.datasets import store
from meguru.datasets.folders.facts import IMAGES
from meguru.datasets.folders.files import FolderFiles
from meguru.datasets.folders.pixels import thumbnail as draw
from meguru.datasets.folders.register import of_files
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DatasetVersion
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation

EDGES = (96, 192, 384)
"""How large small pictures are, in pixels: a few sizes, so that each is drawn once."""
MAX_BYTES = 64 << 20
_CACHED_LISTS = 4
_lists: OrderedDict[tuple[str, str], FolderFiles] = OrderedDict()
_lock = threading.Lock()
_decoding = threading.BoundedSemaphore(2)
"""A picture that is decoded may take 200 MB, whoever asks for how many."""


class BrowsedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a folder's version; `width` and `height` are None where they are not known."""

    path: str
    size: int
    digest: str
    media_type: str
    width: int | None
    height: int | None
    label: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether there is a small picture of it."""
        return self.media_type in IMAGES and self.width is not None and self.size <= MAX_BYTES


class Thumbnail(msgspec.Struct, frozen=True, kw_only=True):
    """A small picture."""

    media_type: str
    data: bytes


@operation("dataset.browse", permission="dataset:read", query=True, on="ref")
def browse(ctx: Context, *, ref: str, after: str = "", limit: int = 60) -> Page[BrowsedFile]:
    """List the files of a folder's version by path, some at a time."""
    import polars as pl

    version = of_files(store.resolve(ctx.tx, ref, ctx.readable))
    rows = _files_of(ctx, version).index.filter(pl.col("path") > after).head(check_limit(limit) + 1)
    wanted = [name for name in BrowsedFile.__struct_fields__ if name in rows.columns]
    files = [
        BrowsedFile(**{name: value for name, value in row.items() if name != "label" or value})
        for row in rows.head(limit).select(wanted).iter_rows(named=True)
    ]
    return Page(items=files, next_cursor=files[-1].path if rows.height > limit else "")


@operation("dataset.thumbnail", permission="dataset:read", query=True, on="ref")
def thumbnail(ctx: Context, *, ref: str, path: str, edge: int = 192) -> Thumbnail:
    """Return a small picture of an image of a folder's version.

    Raises
    ------
    InvalidInput
        If the file is no image of a known kind, is damaged, or is too large to be decoded.
    """
    if edge not in EDGES:
        raise InvalidInput(f"no picture is {edge} pixels large", hint=f"{EDGES}", field="edge")
    files = _files_of(ctx, of_files(store.resolve(ctx.tx, ref, ctx.readable)))
    if files.size(path) > MAX_BYTES:
        raise InvalidInput(f"{path!r} is too large", why=f"up to {MAX_BYTES:,} bytes are decoded")
    with files.open(path) as file, _decoding:
        return Thumbnail(media_type="image/jpeg", data=draw(file, edge))


def _files_of(ctx: Context, version: DatasetVersion) -> FolderFiles:
    """Return the files of a version; the lists of those that were looked at last stay in memory."""
    key = (ctx.blobs.url, version.digest)
    with _lock:
        if key in _lists:
            _lists.move_to_end(key)
            return _lists[key]
    # Outside of the lock: two may read the same list at once, and none waits for the other.
    files = FolderFiles(ctx.blobs, load_manifest(ctx.blobs, version))
    with _lock:
        _lists[key] = files
        while len(_lists) > _CACHED_LISTS:
            _lists.popitem(last=False)
    return files
