"""What a step holds when a parameter is a dataset: one pinned version, read by digest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.storage.blobs import BlobStore


def open_dataset(ws: Workspace | RemoteWorkspace, ref: str) -> Dataset:
    """Return what a step would get for ``flights@latest``: for tests and notebooks."""
    from meguru.datasets.show import show

    version = show(ws, ref=ref)
    return Dataset(version.ref, digest=version.digest, blobs=ws.blobs)


class Dataset:
    """A version of a dataset, pinned by its digest when the run started.

    Parameters
    ----------
    ref
        ``dataset/flights@3``; before a run starts also ``flights@latest``.
    digest
        Digest of the version's manifest, which names its files; empty before a run starts.
    blobs
        Where the files are read from.

    Examples
    --------
    >>> Dataset("flights@latest").ref
    'flights@latest'
    """

    def __init__(self, ref: str, *, digest: str = "", blobs: BlobStore | None = None) -> None:
        self.ref, self.digest, self._blobs = ref, digest, blobs

    def __repr__(self) -> str:
        return f"Dataset({self.ref!r})"

    @property
    def files(self) -> list[Any]:
        """The files of the version, with path, digest, size, rows and columns."""
        return list(self._manifest().files)

    def paths(self) -> list[Path]:
        """Return local files that hold the data, in the version's order; they may only be read.

        They hold rows that were deleted too (`files` tells how many): `scan` and `frame` leave those out.
        """
        return [self._store().path(file.digest) for file in self.files]

    def frame(self) -> pl.DataFrame:
        """Return all rows as one frame, with the version's column types."""
        from meguru.datasets.frames import rows_of

        return rows_of(self._store(), self._manifest())

    def scan(self) -> pl.LazyFrame:
        """Return all rows as a plan: what is asked of it reads only what it needs, in bounded memory."""
        from meguru.datasets.versions.scan import scan

        return scan(self._store(), self._manifest())

    def _manifest(self) -> Any:
        from meguru.datasets.versions.layout import read_manifest

        return read_manifest(self._store(), self.digest)

    def _store(self) -> BlobStore:
        if self._blobs is None or not self.digest:
            raise InvalidInput(
                f"{self!r} is not pinned to a version yet",
                why="a dataset can be read only inside a step of a run",
                hint="in a test, pass the step what `open_dataset(ws, ref)` returns",
            )
        return self._blobs
