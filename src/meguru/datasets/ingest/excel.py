"""Sheets of Excel and OpenDocument files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from meguru.base.library_errors import reason
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.refusals import unreadable
from meguru.datasets.ingest.typed import write_typed
from meguru.datasets.types import Dialect, ReadOptions
from meguru.errors import InvalidInput, MissingDependency, near_misses

MAX_BYTES, MAX_UNPACKED = 1 << 28, 2 << 30
"""A file of more bytes is refused: a sheet is read whole."""


def excel(
    path: Path, name: str, said: ReadOptions, target: Path, *, meter: Meter | None = None
) -> ConvertedFile:
    """Write a sheet as Parquet: the one that is said, else the first.

    Raises
    ------
    InvalidInput
        If there is no such sheet, or it holds no rows.
    """
    try:
        import fastexcel
    except ImportError as error:
        raise MissingDependency.of("formats", "fastexcel") from error
    if path.stat().st_size > MAX_BYTES or _unpacked_bytes(path) > MAX_UNPACKED:
        raise unreadable(name, "excel", "it is larger than 256 MB, or 2 GB unpacked; save the sheet as CSV")
    try:
        book = fastexcel.read_excel(path)
        sheet = _sheet(book.sheet_names, said.sheet, name)
        frame: pl.DataFrame = book.load_sheet(sheet, schema_sample_rows=None).to_polars()
    except fastexcel.FastExcelError as error:
        raise unreadable(name, "excel", reason(error)) from error
    frame = _whole_as_whole(frame)
    file = write_typed(lambda: iter([frame]), frame.schema, name, "excel", said, target, meter=meter)
    return msgspec.structs.replace(file, dialect=Dialect(sheet=sheet))


def _unpacked_bytes(path: Path) -> int:
    """Return how large the parts of a workbook say to be: a few packed bytes may hold many (a zip bomb)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:  # .xls is no archive; what is damaged is told by who reads it
        return 0
    except NotImplementedError as error:  # it says to be of a newer form of archives: nobody knows its sizes
        raise ValueError(reason(error)) from error


def _sheet(names: list[str], said: str, file: str) -> str:
    if not said:
        return names[0]
    if said in names:
        return said
    if said.isdecimal() and 0 < int(said) <= len(names):
        return names[int(said) - 1]
    close = near_misses(said, names)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names[:12])}"
    raise InvalidInput(f"{file!r} has no sheet {said[:80]!r}", where=file, hint=hint, field="read.sheet")


def _whole_as_whole(frame: pl.DataFrame) -> pl.DataFrame:
    """Excel knows no whole numbers: columns that hold nothing else are whole."""

    def is_whole(values: pl.Series) -> bool:
        known: Any = values.drop_nulls()
        return bool(
            len(known) and known.is_finite().all() and (known == known.cast(pl.Int64, strict=False)).all()
        )

    return frame.with_columns(
        values.cast(pl.Int64) for values in frame if values.dtype == pl.Float64 and is_whole(values)
    )
