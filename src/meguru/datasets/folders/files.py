"""The files of a version, read one at a time: only what is asked for is fetched, and each is checked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import IO, TYPE_CHECKING

from meguru.datasets.folders import index
from meguru.datasets.folders.names import chosen
from meguru.datasets.folders.reading import PackReader, PlacedPart
from meguru.datasets.types import Manifest
from meguru.errors import DigestMismatch, NotFound
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_SHOWN_NAMES = 10_000


class FolderFiles:
    """The files of one version."""

    def __init__(self, blobs: BlobStore, manifest: Manifest) -> None:
        self._blobs, self._manifest = blobs, manifest
        self._packs = PackReader(blobs)

    @cached_property
    def index(self) -> pl.DataFrame:
        """A row a file, with the places of its bytes."""
        return index.read(self._blobs, self._manifest)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {path: row for row, path in enumerate(self.index["path"].to_list())}

    def names(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
        """Return the paths of the files that are meant by patterns; of all without any."""
        return [path for path in self._rows if chosen(path, include, exclude)]

    def size(self, path: str) -> int:
        """Return the bytes of a file; see `open`."""
        return int(self.index[self._row(path), "size"])

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; see `open`."""
        with self.open(path) as file:
            return file.read()

    def open(self, path: str) -> IO[bytes]:
        """Open a file of the version to read it; close it afterwards.

        Raises
        ------
        NotFound
            If the version has no such file.
        DigestMismatch
            If its bytes are not those that were registered.
        """
        row = self._row(path)
        digest, parts = self.index[row, "digest"], self.index[row, index.PARTS]
        placed = [PlacedPart(part["pack"], part["offset"], part["size"]) for part in parts]
        # Checked at each read: a pack may have been damaged since.
        opened = self._packs.opened(placed)
        if opened.digest != digest:
            opened.file.close()
            raise DigestMismatch(
                f"the file {path!r} is not what was registered",
                where=path,
                why=f"its bytes have the digest {opened.digest[:12]}…, not {digest[:12]}…",
                hint="meguru doctor --deep tells what else is damaged",
            )
        return opened.file

    def _row(self, path: str) -> int:
        row = self._rows.get(path)
        if row is None:
            raise NotFound.of("file", path, list(self._rows)[:_SHOWN_NAMES])
        return row
