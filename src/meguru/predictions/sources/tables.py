"""Rows from Parquet and Arrow files, a slice at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput
from meguru.predictions.sources.rows import Row, SourceColumns

if TYPE_CHECKING:
    import polars as pl

_SLICE_ROWS = 50_000
_MAX_TEXT_BYTES = 1 << 20
"""Bytes of a text: a dictionary can repeat a long one as often as a file likes."""
_STREAM = b"\xff\xff\xff\xff"
MAX_STREAM_BYTES = 256 << 20


def read_parquet(path: Path, columns: SourceColumns, where: str) -> Iterator[tuple[int, Row]]:
    """Give the rows of a Parquet file."""
    import polars as pl

    return _rows(lambda: pl.scan_parquet(path), columns, where)


def read_arrow(path: Path, columns: SourceColumns, where: str) -> Iterator[tuple[int, Row]]:
    """Give the rows of an Arrow IPC file, or of a stream (which is read as one)."""
    import polars as pl

    with path.open("rb") as file:
        is_stream = file.read(4) == _STREAM
    if is_stream and path.stat().st_size > MAX_STREAM_BYTES:
        raise InvalidInput(
            "the Arrow stream is too large", where=where, hint="send an Arrow file, or Parquet"
        )
    return _rows(lambda: pl.read_ipc_stream(path).lazy() if is_stream else pl.scan_ipc(path), columns, where)


def _rows(opened: Any, columns: SourceColumns, where: str) -> Iterator[tuple[int, Row]]:
    table: pl.LazyFrame = _read(opened, where)
    names = _read(lambda: table.collect_schema().names(), where)
    fields = columns.of(names, where)
    chosen = {name: field for name, field in zip(names, fields, strict=True) if field}
    table = table.select(list(chosen)).rename(chosen)
    start = 0
    # A slice at a time: memory is bounded, and Polars skips whole row groups that lie before it.
    while (part := _read(table.slice(start, _SLICE_ROWS).collect, where)).height:
        _check_lengths(part, where)
        yield from enumerate(part.iter_rows(named=True), start=start + 1)
        start += part.height


def _check_lengths(part: pl.DataFrame, where: str) -> None:
    import polars as pl

    for name, dtype in part.schema.items():
        if dtype == pl.String and (part.get_column(name).str.len_bytes() > _MAX_TEXT_BYTES).any():
            why = f"at most {_MAX_TEXT_BYTES:,} bytes are read"
            raise InvalidInput(f"a text of the column {name!r} is too long", where=where, why=why)


def _read(work: Any, where: str) -> Any:
    """Do some reading; whatever a file makes the library say, it is the file that can't be read."""
    import polars as pl

    try:
        return work()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        why = reason(error)
        raise InvalidInput("the file can't be read", where=where, why=why, hint="is it whole?") from None
