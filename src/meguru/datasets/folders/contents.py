"""Digests of a folder's files: from the stat cache where their state is known, else from their bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from meguru.datasets.folders import index, stat_cache
from meguru.datasets.folders.locations import FolderLocation
from meguru.datasets.folders.packs import PackWriter
from meguru.datasets.folders.types import FilePart, FolderFile
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

FileProgress = Callable[[int, int], None]
"""Told how many files were read, of how many."""
_PROGRESS_EVERY = 5000


class ReadFile(NamedTuple):
    """What was read of a file; `settled` if its state is bound to change with it."""

    digest: str
    size: int
    settled: bool


class FolderContents:
    """One look at a folder beside the list of files of a version (`before`; it may be empty).

    New content goes into packs of a blob store.
    """

    def __init__(self, blobs: BlobStore, place: FolderLocation, before: pl.DataFrame) -> None:
        self._place, self._before = place, before
        self._writer = PackWriter(blobs, set(before["digest"].to_list()), *_large_parts(before))
        self.read = 0

    @property
    def new_bytes(self) -> int:
        """How many bytes were stored."""
        return self._writer.new_bytes

    def packs(self) -> list[str]:
        """Store what is left to store; return the packs."""
        return self._writer.close()

    def content(self) -> str:
        """Return the digest of what the files are called and hold; see `index.content_of`."""
        return index.content_of(self._look(stored=None, progress=None))

    def files(self, progress: FileProgress | None = None) -> list[FolderFile]:
        """Return the files that are not as in the version before; their bytes are in packs."""
        rows = self._look(stored=set(self._before["digest"].to_list()), progress=progress)
        new = rows.join(self._before, on=["path", "digest", "mode"], how="anti")
        return [
            FolderFile(path=path, digest=digest, size=size, mode=mode, parts=self._writer.parts(digest))
            for path, digest, size, mode in new.select("path", "digest", "size", "mode").iter_rows()
        ]

    def _look(self, stored: set[str] | None, progress: FileProgress | None) -> pl.DataFrame:
        """Return `path`, `digest`, `size` and `mode` of each file.

        A file is read if its digest is not known; or if that is not `stored`, for its bytes (None: for none).
        """
        import polars as pl

        seen, address = self._place.seen, self._place.address
        rows = seen.with_columns(stat_cache.known_digests(address, seen).alias("digest"))
        unread = pl.col("digest").is_null()
        if stored is not None:
            unread |= ~pl.col("digest").is_in(list(stored))
        files = self._read(rows.filter(unread), progress)
        if files:
            rows = _with_digests(rows, files)
            open_to_doubt = [path for path, file in files.items() if not file.settled]
            stat_cache.keep_digests(address, rows.filter(~pl.col("path").is_in(open_to_doubt)))
        executable = pl.col("path").is_in(list(self._place.executable))
        mode = pl.when(executable).then(pl.lit("755")).otherwise(pl.lit("644"))
        return rows.with_columns(mode.alias("mode"), pl.col("size").cast(pl.Int64))

    def _read(self, unread: pl.DataFrame, progress: FileProgress | None) -> dict[str, ReadFile]:
        files: dict[str, ReadFile] = {}
        for path, size in unread.select("path", "size").iter_rows():
            with self._place.open(path) as opened:
                digest, true_size = self._writer.add(opened.file, size)
            files[path] = ReadFile(digest, true_size, opened.settled)
            self.read += 1
            if progress is not None and self.read % _PROGRESS_EVERY == 0:
                progress(self.read, unread.height)
        return files


def _with_digests(rows: pl.DataFrame, found: dict[str, ReadFile]) -> pl.DataFrame:
    import polars as pl

    files = found.values()
    new = pl.DataFrame(
        {"path": list(found), "new": [file.digest for file in files], "true": [file.size for file in files]},
        schema={"path": pl.String, "new": pl.String, "true": pl.UInt64},
    )
    joined = rows.join(new, on="path", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("new", "digest").alias("digest"), pl.coalesce("true", "size").alias("size")
    ).drop("new", "true")


def _large_parts(before: pl.DataFrame) -> tuple[dict[str, FilePart], list[str]]:
    """Return where the parts of large files are, by their digests, and the packs that these are in."""
    import polars as pl

    parts = before.select(pl.col(index.PARTS).explode()).drop_nulls().unnest(index.PARTS)
    parts = parts.filter(pl.col("digest") != "").unique("digest", maintain_order=True)
    packs = parts["pack"].unique(maintain_order=True).to_list()
    number = {pack: place for place, pack in enumerate(packs)}
    places = {
        digest: FilePart(pack=number[pack], offset=offset, size=size, digest=digest)
        for pack, offset, size, digest in parts.select("pack", "offset", "size", "digest").iter_rows()
    }
    return places, packs
