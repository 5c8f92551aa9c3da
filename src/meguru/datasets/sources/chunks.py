"""Takes what a source gives: rows become Parquet files of a bounded size, each a blob once it is whole."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.base.paths import check_path
from meguru.datasets.sources.base import Progress
from meguru.datasets.types import FileEntry
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

CHUNK_BYTES = 64 << 20
"""Rows of so many bytes are held in memory, then written."""
MOST_FILES = 10_000


class BlobSink:
    """Writes blobs while a source is read; what is not registered afterwards belongs to nothing.

    `mark` is written into the names of files with rows, so that those of two reads never have one name.
    `proceed` is asked between files, and may raise to end the read.
    """

    def __init__(
        self,
        blobs: BlobStore,
        folder: Path,
        *,
        mark: str = "",
        progress: Progress | None = None,
        proceed: Callable[[], None] = lambda: None,
    ) -> None:
        self._blobs, self._folder, self._mark = blobs, folder, mark
        self.progress: Progress = progress or (lambda _done, _what: None)
        self.proceed = proceed
        self._waiting: dict[str, list[pl.DataFrame]] = {}
        self._bytes: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self.entries: list[FileEntry] = []
        self.kept: list[str] = []
        self.count = 0

    def rows(self, name: str, frame: pl.DataFrame) -> None:
        """Take some rows of a table."""
        if not frame.height:
            return
        self.count += frame.height
        self._waiting.setdefault(name, []).append(frame)
        self._bytes[name] = self._bytes.get(name, 0) + int(frame.estimated_size())
        self.progress(self.count, name)
        if self._bytes[name] >= CHUNK_BYTES:
            self._write(name)

    def file(self, path: str, file: Path) -> None:
        """Take a file as it is."""
        check_path(path, field="files")
        self._add(path, file)

    def keep(self, path: str) -> None:
        """Note that the version before has this file."""
        self.kept.append(path)

    def scratch(self) -> Path:
        """Return an empty folder."""
        return Path(tempfile.mkdtemp(dir=self._folder))

    def close(self) -> list[FileEntry]:
        """Write what is still held, and return the files."""
        for name in list(self._waiting):
            self._write(name)
        return self.entries

    def _write(self, name: str) -> None:
        import polars as pl

        parts = self._waiting.pop(name)
        self._bytes[name] = 0
        number = self._written[name] = self._written.get(name, 0) + 1
        mark = "".join(f"_{each}" for each in (self._mark, "" if number == 1 else f"{number:05}") if each)
        place = self.scratch() / "rows.parquet"
        try:
            whole = pl.concat(parts, how="diagonal_relaxed")
        except pl.exceptions.PolarsError as error:
            why = str(error).partition("\n")[0][:300]
            raise InvalidInput(f"rows of {name} do not have the same columns", why=why) from error
        whole.write_parquet(place, compression="zstd")
        self._add(f"{name}{mark}.parquet", place)
        place.unlink()

    def _add(self, path: str, file: Path) -> None:
        self.proceed()
        if len(self.entries) >= MOST_FILES:
            raise InvalidInput(f"more than {MOST_FILES:,} files are too many at a time", field="files")
        digest = self._blobs.put_file(file)
        self.entries.append(FileEntry(path=path, digest=digest, size=file.stat().st_size))
