"""Files that say their types: Parquet, Arrow, Avro, sheets and the files of statistical programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from meguru.datasets.declared_types import check_columns_exist, declared_type
from meguru.datasets.inference import cast
from meguru.datasets.ingest.column import ColumnFinding, TextFinding
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.declared_column import DeclaredColumn
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.parquet import GROUP_ROWS, described
from meguru.datasets.ingest.refusals import empty
from meguru.datasets.ingest.table import Column, Table, Types, write_table
from meguru.datasets.ingest.timestamps import TimestampFinding
from meguru.datasets.polars_types import NAMES, TYPES, stored
from meguru.datasets.types import Format, ReadOptions
from meguru.errors import InvalidInput, UsageError

THOUSAND = 1000


class TypedColumn:
    """A column whose type the file says; it is kept as the type of ours that holds it."""

    why = spelling = ""
    missing = False

    def __init__(self, name: str, dtype: pl.DataType, file: str, said: str = "") -> None:
        self.name, self._file, self._has_value = name, file, False
        self.dtype = stored(dtype)
        if said:
            kind, how = declared_type(name, said)
            if how:
                raise UsageError(f"column {name!r} is no text", field=f"read.types.{name}")
            self.dtype = TYPES[kind]

    @property
    def kind(self) -> str:
        """The type of the column; ``Null`` if it had no value yet."""
        return NAMES.get(self.dtype, str(self.dtype)) if self._has_value else "Null"

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values."""
        self._has_value = self._has_value or values.null_count() < values.len()
        return self._kept(values)

    def typed(self, values: pl.Series, kind: str, nulls: list[str]) -> pl.Series:
        """Return the values as they are kept."""
        del kind, nulls
        return self._kept(values)

    def _kept(self, values: pl.Series) -> pl.Series:
        """Return the values as they are kept.

        Raises
        ------
        InvalidInput
            If one would be another value then.
        """
        found = values.dtype
        if found == self.dtype:
            return values
        if isinstance(found, pl.Datetime) and isinstance(self.dtype, pl.Datetime):
            # Refused rather than cut: times that were told apart would be equal.
            if found.time_unit == "ns" and (values.dt.nanosecond() % THOUSAND != 0).any():
                raise self._refused("some of its times have nanoseconds, and microseconds are kept")
            if found.time_zone not in {None, "UTC"}:
                values = values.dt.convert_time_zone("UTC")
        made = values.cast(self.dtype)
        if found.is_integer() and self.dtype == pl.Float64 and not (made.cast(found) == values).all():
            raise self._refused("some of its whole numbers are none as fractions")
        return made

    def _refused(self, why: str) -> InvalidInput:
        return InvalidInput(
            f"column {self.name!r} of {self._file} can't be kept as {NAMES.get(self.dtype, self.dtype)}",
            where=self._file,
            why=why,
            hint="make it another type in the file, or say one: --type C=text",
            field="files",
        )


class TextColumn:
    """A column of text that may be times."""

    missing = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._finding: ColumnFinding | None = None

    @property
    def kind(self) -> str:
        """The type of the column by what was seen."""
        return self._finding.kind if self._finding else "Null"

    @property
    def why(self) -> str:
        """Why its times are text."""
        return self._finding.why if self._finding else ""

    @property
    def spelling(self) -> str:
        """How its times are written."""
        return self._finding.spelling if self._finding and self.kind != "String" else ""

    def see(self, values: pl.Series) -> pl.Series | None:
        """Take in more values."""
        if self._finding is None and values.null_count() < values.len():
            self._finding = TimestampFinding.of(str(values.first(ignore_nulls=True))) or TextFinding()
        return self._finding.see(values) if self._finding else None

    def typed(self, values: pl.Series, kind: str, nulls: list[str]) -> pl.Series:
        """Return the values as times, if they are."""
        del nulls
        text = values.cast(pl.String)
        return text if kind in {"String", "Null"} else cast(text, kind, decimal=".", spelling=self.spelling)


def write_typed(
    read: Callable[[], Iterator[pl.DataFrame]],
    schema: pl.Schema,
    name: str,
    format: Format,
    said: ReadOptions,
    target: Path,
    *,
    has_times: bool = False,
    meter: Meter | None = None,
) -> ConvertedFile:
    """Write rows that have types as Parquet; text may be times if the format has no times of its own.

    Raises
    ------
    InvalidInput
        If there are no rows, or values are not what was said of them.
    """
    check_columns_exist(said.names_said, list(schema))

    def column(each: str, dtype: pl.DataType) -> Column:
        word = said.types.get(each, "")
        if word and dtype == pl.String and declared_type(each, word)[0] != "String":
            return DeclaredColumn(each, word, ".", said.nulls, name)
        if has_times and dtype == pl.String and not word:
            return TextColumn(each)
        return TypedColumn(each, dtype, name, word)

    def rows(types: Types | None) -> Iterator[pl.DataFrame]:
        del types
        return (frame for frame in read() if frame.height)

    file = write_table(Table([column(*each) for each in schema.items()], said.nulls, meter), rows, target)
    if file is None:
        raise empty(name, format)
    return file


def parquet(
    path: Path, name: str, said: ReadOptions, target: Path, *, meter: Meter | None = None
) -> ConvertedFile:
    """Take a Parquet file as it is if its types are ours, after each value was read; else write it again."""
    plan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    schema = plan.collect_schema()
    # Taken as it is, but every value is read once: a damaged file must not become a version.
    if not said.types and all(stored(dtype) == dtype for dtype in schema.values()):
        return described(plan, name, "parquet", meter)
    return write_typed(
        lambda: plan.collect_batches(chunk_size=GROUP_ROWS), schema, name, "parquet", said, target
    )


def arrow(
    path: Path, name: str, said: ReadOptions, target: Path, *, meter: Meter | None = None
) -> ConvertedFile:
    """Write an Arrow file, or a stream, as Parquet."""
    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    plan = pl.scan_ipc(path, glob=False) if is_file else pl.read_ipc_stream(path).lazy()
    schema = plan.collect_schema()
    return write_typed(
        lambda: plan.collect_batches(chunk_size=GROUP_ROWS), schema, name, "arrow", said, target, meter=meter
    )
