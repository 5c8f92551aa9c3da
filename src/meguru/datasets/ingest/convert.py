"""Convert a file to Parquet: a reader each format."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

import polars as pl

from meguru.base.library_errors import reason
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.refusals import unreadable
from meguru.datasets.types import Format, ReadOptions

_READERS = {
    "csv": "meguru.datasets.ingest.delimited:delimited",
    "json": "meguru.datasets.ingest.json_lines:json_rows",
    "parquet": "meguru.datasets.ingest.typed:parquet",
    "arrow": "meguru.datasets.ingest.typed:arrow",
    "avro": "meguru.datasets.ingest.avro:avro",
    "excel": "meguru.datasets.ingest.excel:excel",
    "spss": "meguru.datasets.ingest.statistical:spss",
    "sas": "meguru.datasets.ingest.statistical:sas",
    "stata": "meguru.datasets.ingest.statistical:stata",
}


class FormatReader(Protocol):
    """Writes a file of one format as Parquet, in bounded memory."""

    def __call__(
        self, path: Path, name: str, said: ReadOptions, target: Path, *, meter: Meter | None = None
    ) -> ConvertedFile:
        """Write `target`; what is wrong with the file is an InvalidInput, or an error of Polars."""
        ...


def convert(
    path: Path, format: Format, name: str, said: ReadOptions, target: Path, *, meter: Meter | None = None
) -> ConvertedFile:
    """Write a file as Parquet; if it is `taken`, it is Parquet already and nothing was written.

    Raises
    ------
    InvalidInput
        If the file is not what its name says, holds no rows, or is not what was said of it.
    """
    module, _, reader = _READERS[format].partition(":")
    write: FormatReader = getattr(import_module(module), reader)
    try:
        return write(path, name, said, target, meter=meter)
    except (pl.exceptions.PolarsError, OSError, ValueError, RecursionError) as error:
        raise unreadable(name, format, reason(error)) from error
