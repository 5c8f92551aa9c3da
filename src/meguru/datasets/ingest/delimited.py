"""Delimited text: CSV, TSV and their like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl

from meguru.datasets.declared_types import check_columns_exist
from meguru.datasets.delimited.dialect import dialect_of
from meguru.datasets.ingest.blocks import blocks
from meguru.datasets.ingest.column import InferredColumn
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.declared_column import DeclaredColumn
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.records import CHUNK, Records
from meguru.datasets.ingest.refusals import empty
from meguru.datasets.ingest.samples import samples
from meguru.datasets.ingest.table import Column, Table, Types, write_table
from meguru.datasets.types import ReadOptions


def delimited(
    path: Path, name: str, said: ReadOptions, target: Path, *, chunk: int = CHUNK, meter: Meter | None = None
) -> ConvertedFile:
    """Write a file of delimited text as Parquet.

    Raises
    ------
    InvalidInput
        If it is not what was said, records differ in width, or it holds no rows.
    """
    dialect = dialect_of(path, name, said)
    records = Records(blocks(path, dialect, name, meter), dialect, name, chunk)
    frames = records.frames()
    names = records.read_header()
    check_columns_exist(said.names_said, names)

    def column(each: str) -> Column:
        if each in said.types:
            return DeclaredColumn(each, said.types[each], dialect.decimal, said.nulls, name)
        return InferredColumn(each, dialect.decimal, said.nulls)

    def read(types: Types | None) -> Iterator[pl.DataFrame]:
        if types is None:
            return frames
        return Records(blocks(path, dialect, name, meter), dialect, name, chunk).frames()

    table = Table([column(each) for each in names], said.nulls, meter)
    file = write_table(table, read, target, samples(path, dialect, names))
    if file is None:
        raise empty(name, "csv")
    dialect = msgspec.structs.replace(
        dialect, blank=records.blank, nulls=file.nulls, times=file.times, kept=file.kept
    )
    return msgspec.structs.replace(file, dialect=dialect)
