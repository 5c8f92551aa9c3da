"""Write a table as Parquet with inferred types: one pass as a rule, two if later values refute a type."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import polars as pl

from meguru.datasets.ingest.column import MISSING
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.parquet import group_rows, write
from meguru.datasets.polars_types import TYPES
from meguru.datasets.types import DatasetColumn
from meguru.errors import InvalidInput

T = TypeVar("T")
_PARALLEL = 100_000
"""Fewer fields are not worth two threads."""
_THREADS = min(os.cpu_count() or 1, 8)


class Column(Protocol):
    """What is known of one column; it only ever grows, and not by the pieces in which its values come."""

    name: str
    missing: bool
    """Whether `MISSING` was seen as a value, of which nothing was said."""

    @property
    def kind(self) -> str:
        """The type by what was seen; ``Null`` if it had no value yet."""
        ...

    @property
    def why(self) -> str:
        """Why it is text though it looks like more."""
        ...

    @property
    def spelling(self) -> str:
        """How its times are written."""
        ...

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values; return them as they are kept, if that is at hand."""
        ...

    def typed(self, values: pl.Series, kind: str, nulls: list[str]) -> pl.Series:
        """Return values as those of a type that all of them have."""
        ...


class Types(NamedTuple):
    """What the columns of a table are, and what means a missing value in those of text."""

    kinds: dict[str, str]
    nulls: list[str]
    schema: dict[str, Any]
    """The types of the file that is written; a column without any value is text there."""


class _OtherTypesError(Exception):
    """Later values made the types others than those that were written."""


class Table:
    """The columns of a table, and what is known of them.

    Parameters
    ----------
    nulls
        What was said to mean a missing value in text; None if nothing was.
    meter
        Is told how many rows were seen.
    """

    def __init__(
        self, columns: Sequence[Column], nulls: list[str] | None = None, meter: Meter | None = None
    ) -> None:
        self.columns, self._nulls, self._meter, self.rows = columns, nulls, meter, 0

    def see(self, frame: pl.DataFrame) -> list[pl.Series | None]:
        """Take in more rows; return the values of columns that are at hand typed."""
        self.rows += frame.height
        if self._meter is not None:
            self._meter.rows = self.rows
        return _each(self.columns, lambda column: column.see(frame[column.name]), frame)

    @property
    def types(self) -> Types:
        """What the columns are by what was seen."""
        nulls = self._nulls
        if nulls is None:
            used = any(column.missing and column.kind not in {"String", "Null"} for column in self.columns)
            nulls = [MISSING] if used else []
        kinds = {
            column.name: "String" if column.kind == "Null" and column.missing and not nulls else column.kind
            for column in self.columns
        }
        schema = {
            column.name: getattr(column, "dtype", None) or TYPES.get(kinds[column.name], pl.String())
            for column in self.columns
        }
        return Types(kinds, nulls, schema)

    def typed(
        self, frame: pl.DataFrame, types: Types, made: list[pl.Series | None] | None = None
    ) -> pl.DataFrame:
        """Return rows with these types; what `see` made already is not made again."""
        at_hand = made or [None] * len(self.columns)
        ready = dict(zip((each.name for each in self.columns), at_hand, strict=True))

        def one(column: Column) -> pl.Series:
            found = ready[column.name]
            if found is not None and found.dtype == types.schema[column.name]:
                return found
            return column.typed(frame[column.name], types.kinds[column.name], types.nulls)

        values = zip((each.name for each in self.columns), _each(self.columns, one, frame), strict=True)
        return pl.DataFrame(dict(values))

    def hold(self, written: Types) -> bool:
        """Tell whether all that was seen can be written with these types."""
        now = self.types
        text = [column for column in self.columns if written.kinds[column.name] in {"String", "Null"}]
        if now.nulls != written.nulls and any(column.missing for column in text):
            return False
        return all(
            _fits(kind, written.kinds[name]) or now.schema[name] == written.schema[name]
            for name, kind in now.kinds.items()
        )


def write_table(
    table: Table,
    read: Callable[[Types | None], Iterator[pl.DataFrame]],
    target: Path,
    samples: Iterator[pl.DataFrame] | None = None,
) -> ConvertedFile | None:
    """Write what is read as Parquet, in bounded memory; None if there are no rows.

    Parameters
    ----------
    table
        Its columns.
    read
        Gives the rows from the first one on, again if it is called again, then with their types.
    samples
        Rows from all parts, for a better guess of the types; a wrong one costs time alone, as all values
        prove what is written.
    """
    frames = read(None)
    first = next(frames, None)
    if first is None:
        return None
    # Types are inferred from the first rows and written at once, while all later rows prove or refute them:
    # most files are read once. Only a refuted guess costs a second pass.
    made = table.see(first)
    written = _expected(table, samples)
    group = group_rows(first.estimated_size() / first.height)

    def proved() -> Iterator[pl.DataFrame]:
        yield table.typed(first, written, made)
        for frame in frames:
            found = table.see(frame)
            if not table.hold(written):
                # Through the sink, which hands on what its source raises; the draft is thrown away.
                raise _OtherTypesError
            yield table.typed(frame, written, found)

    is_whole = True
    try:
        write(proved(), written.schema, target, rows=group)
    except _OtherTypesError:
        is_whole = False
        # What is left of the first pass: the types must hold for every row before they are written.
        for frame in frames:
            table.see(frame)
    types = table.types
    if not is_whole or types.schema != written.schema or not table.hold(written):
        write(_second_pass(table, read(types), types), types.schema, target, rows=group)
    return ConvertedFile(
        rows=table.rows,
        columns=[DatasetColumn(name=each, type=kind) for each, kind in types.kinds.items()],
        nulls=types.nulls,
        times={column.name: column.spelling for column in table.columns if column.spelling},
        kept={column.name: column.why for column in table.columns if column.why},
    )


def _expected(table: Table, samples: Iterator[pl.DataFrame] | None) -> Types:
    now = table.types
    guessed = Table(deepcopy(table.columns), table._nulls)  # noqa: SLF001 - one of its own
    try:
        for frame in samples or ():
            guessed.see(frame)
    except InvalidInput:  # where a sample began in the middle of a record
        return now
    return guessed.types if table.hold(guessed.types) else now


def _second_pass(table: Table, frames: Iterator[pl.DataFrame], types: Types) -> Iterator[pl.DataFrame]:
    """Yield rows whose types are known from a first pass."""
    rows = 0
    for frame in frames:
        rows += frame.height
        yield table.typed(frame, types)
    if rows != table.rows:
        raise OSError("the file changed while it was read")


def _fits(kind: str, written: str) -> bool:
    """Tell whether values that are so far of a type can be written as another one, and read back alike."""
    if "Null" in {kind, written}:  # what has no value yet is written as text
        return kind in {"Null", "String"} or written != "Null"
    # A text column holds any value as it was written; other widenings would write it back otherwise.
    return written in {kind, "String"} or (kind, written) == ("Int64", "Float64")


def _each(columns: Sequence[Column], what: Callable[[Column], T], frame: pl.DataFrame) -> list[T]:
    if frame.height * frame.width < _PARALLEL:
        return [what(column) for column in columns]
    # Threads help: Polars and the regular expressions release the GIL.
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(what, columns))
