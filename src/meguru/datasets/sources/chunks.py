"""The sink of a source: frames become Parquet files of a bounded size."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.base.library_errors import reason
from meguru.base.paths import check_path
from meguru.datasets.sources.base import Progress
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

CHUNK_BYTES = 64 << 20
"""Rows of so many bytes are held in memory, then written."""
MAX_FILES = 10_000


class FileSink:
    """Holds what a source gave as files in a folder, until they are registered or the folder goes away.

    `mark` is written into the names of files with rows, so that those of two reads never have one name.
    `proceed` is asked between files, and may raise to end the read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        mark: str = "",
        progress: Progress | None = None,
        proceed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._mark = folder, mark
        self.progress: Progress = progress or (lambda _done, _what: None)
        self.proceed = proceed
        self._waiting: dict[str, list[pl.DataFrame]] = {}
        self._bytes: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._files: dict[str, Path] = {}
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
        # Estimated in memory, not on disk: memory is what this bounds.
        if self._bytes[name] >= CHUNK_BYTES:
            self._write(name)

    def file(self, path: str, file: Path) -> None:
        """Take a file over as it is."""
        check_path(path, field="files")
        self.proceed()
        if len(self._files) >= MAX_FILES:
            raise InvalidInput(f"more than {MAX_FILES:,} files are too many at a time", field="files")
        self._files[path] = file.rename(self._folder / f"{len(self._files):06}")

    def keep(self, path: str) -> None:
        """Note that the version before has this file."""
        self.kept.append(path)

    def scratch(self) -> Path:
        """Return an empty folder."""
        return Path(tempfile.mkdtemp(dir=self._folder))

    def close(self) -> dict[str, Path]:
        """Write what is still held, and return the files by their places in the dataset."""
        for name in list(self._waiting):
            self._write(name)
        return self._files

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
            why = reason(error)
            raise InvalidInput(f"rows of {name} do not have the same columns", why=why) from error
        whole.write_parquet(place, compression="zstd", compression_level=1)
        self.file(f"{name}{mark}.parquet", place)
