"""What a step holds when a parameter is a dataset: one pinned version, read by digest."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

    from meguru.datasets.folders.files import FolderFiles
    from meguru.datasets.types import Manifest
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

        They hold rows that were deleted too (`files` tells how many): `scan` and `frame` leave those out. Of
        a dataset of files they are these, in `folder`.
        """
        manifest = self._manifest()
        if manifest.format == "files":
            folder = self.folder()
            return [folder / name for name in self._folder_files.names()]
        return [self._store().path(file.digest) for file in manifest.files]

    def folder(self) -> Path:
        """Return a local folder with all files of a dataset of files, written when it is asked for."""
        from meguru.datasets.folders.materialize import cached_folder

        return cached_folder(self._store(), self.digest, self._of_files())

    def open(self, path: str) -> IO[bytes]:
        """Open one file of a dataset of files, as ``cats/1.png``; what is opened is fetched, and checked."""
        return self._folder_files.open(path)

    @cached_property
    def _folder_files(self) -> FolderFiles:
        from meguru.datasets.folders.files import FolderFiles

        return FolderFiles(self._store(), self._of_files())

    def _of_files(self) -> Manifest:
        manifest: Manifest = self._manifest()
        if manifest.format != "files":
            raise InvalidInput(f"the rows of {self.ref} are no files", hint="read them: frame(), scan()")
        return manifest

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
