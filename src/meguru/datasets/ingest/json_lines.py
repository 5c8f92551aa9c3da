"""JSON: a line each row, or one list of rows, which is taken apart first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl

from meguru.base.library_errors import reason
from meguru.datasets.ingest.blocks import blocks
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.json_list import as_lines
from meguru.datasets.ingest.json_schema import merged
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.numbers import EXACT
from meguru.datasets.ingest.records import CHUNK, MAX_RECORD_BYTES
from meguru.datasets.ingest.typed import write_typed
from meguru.datasets.types import Dialect, ReadOptions
from meguru.errors import InvalidInput

Schema = dict[str, pl.DataType]


class _OtherColumnsError(Exception):
    """Later rows have other columns, or wider ones, than were expected."""


class JsonRows:
    """Reads a file of JSON in pieces, each value as the type that all values of its column have."""

    def __init__(self, path: Path, name: str, said: ReadOptions, chunk: int, meter: Meter | None) -> None:
        self._path, self._name, self._chunk, self._meter = path, name, chunk, meter
        self._dialect = Dialect(encoding=said.encoding or "utf-8")

    def first_schema(self) -> Schema:
        """Return the columns of the first rows."""
        first = next(self._pieces(), b"")
        return dict(self._parsed(first, None).schema) if first else {}

    def whole_schema(self) -> Schema:
        """Return the columns of all rows."""
        found: Schema = {}
        for piece in self._pieces():
            found = merged(found, dict(self._parsed(piece, None).schema), self._name)
        return found

    def frames(self, schema: Schema, *, is_certain: bool) -> Iterator[pl.DataFrame]:
        """Yield rows with these columns; raise if there are others, unless it is certain there are none."""
        for piece in self._pieces():
            if is_certain:
                yield self._parsed(piece, schema)
                continue
            frame = self._parsed(piece, None)
            # Polars infers a schema a piece: only the one of all rows may be written.
            if merged(schema, dict(frame.schema), self._name) != schema:
                raise _OtherColumnsError
            if dict(frame.schema) != schema:
                frame = self._parsed(piece, schema)
            yield frame

    def _pieces(self) -> Iterator[bytes]:
        """Yield whole lines."""
        rest = b""
        for block in as_lines(blocks(self._path, self._dialect, self._name, self._meter), self._name):
            rest += block
            end = rest.rfind(b"\n") + 1
            if end and len(rest) >= self._chunk:
                yield rest[:end]
                rest = rest[end:]
            elif len(rest) > MAX_RECORD_BYTES:
                raise self._refused("one line is longer than can be read")
        if rest.strip():
            yield rest

    def _parsed(self, piece: bytes, schema: Schema | None) -> pl.DataFrame:
        if not piece.strip():
            return pl.DataFrame(schema=schema)
        try:
            frame = pl.read_ndjson(piece, schema=schema, infer_schema_length=None)
        except pl.exceptions.PolarsError as error:
            raise self._refused(reason(error)) from error
        lines = piece.count(b"\n") + (not piece.endswith(b"\n"))
        if frame.height != lines:
            lines = sum(1 for line in piece.split(b"\n") if line.strip())
        if frame.height != lines:
            raise self._refused(f"{lines} lines are there and {frame.height} rows were read")
        self._check_exact(piece, frame)
        return frame

    def _check_exact(self, piece: bytes, frame: pl.DataFrame) -> None:
        """Refuse whole numbers beside fractions that no fraction holds: they were rounded by now."""
        large = [each.name for each in frame if each.dtype == pl.Float64 and (each.abs() >= EXACT).any()]
        for line in piece.split(b"\n") if large else ():
            row = json.loads(line) if line.strip() else {}
            for column in large:
                value = row.get(column)
                if type(value) is int and int(float(value)) != value:
                    raise self._refused(f"a number in column {column!r} stands beside fractions, and is none")

    def _refused(self, why: str) -> InvalidInput:
        hint = "a line holds one row, as {…}; or the file is one list of rows, as [{…}, {…}]"
        return InvalidInput(
            f"{self._name!r} can't be read as json", where=self._name, why=why, hint=hint, field="files"
        )


def json_rows(
    path: Path, name: str, said: ReadOptions, target: Path, *, chunk: int = CHUNK, meter: Meter | None = None
) -> ConvertedFile:
    """Write JSON as Parquet; text that is a time in all rows is read as CSV's would be.

    Raises
    ------
    InvalidInput
        If a line is no row, a column's values are of types that don't mix, or it holds no rows.
    """
    rows = JsonRows(path, name, said, chunk, meter)

    def written(schema: Schema, *, is_certain: bool) -> ConvertedFile:
        return write_typed(
            lambda: rows.frames(schema, is_certain=is_certain),
            pl.Schema(schema), name, "json", said, target, has_times=True, meter=meter,
        )  # fmt: skip

    try:
        made = written(rows.first_schema(), is_certain=False)
    except _OtherColumnsError:
        made = written(rows.whole_schema(), is_certain=True)
    dialect = Dialect(times=made.times, kept=made.kept) if made.times or made.kept else None
    return msgspec.structs.replace(made, dialect=dialect)
