"""The fast way out of PostgreSQL: COPY, read by Polars, some megabytes at a time.

Measured on half a million rows of ten columns, Parquet files included: a third of the time that rows take
which are made in Python, and no more library than the driver (benchmarks/data_sources.py). An answer with a
column of another type than those below is read row by row.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection

PIECE = 16 << 20
_INTEGERS, _FLOATS, _TEXTS = {20, 21, 23, 26}, {700, 701, 1700}, {18, 19, 25, 114, 1042, 1043, 2950, 3802}
_BOOLEAN, _DATE, _TIMESTAMP, _TIMESTAMPTZ = 16, 1082, 1114, 1184
_TIME = "%Y-%m-%d %H:%M:%S%.f"
_KNOWN = _INTEGERS | _FLOATS | _TEXTS | {_BOOLEAN, _DATE, _TIMESTAMP, _TIMESTAMPTZ}
"""Numbers that PostgreSQL has for its own types; they are the same in every database."""


def copied_frames(
    connection: Connection, asked: str, values: dict[str, Any], seconds: float
) -> Iterator[pl.DataFrame] | None:
    """Return the rows of a query, or None if they hold a type that can't be copied.

    Raises
    ------
    InvalidInput
        If two columns have one name.
    """
    raw: Any = connection.connection.driver_connection
    given = {name: value for name, value in values.items() if name in asked}
    # The driver's own marks: a percent sign of the query's is none of them.
    query = asked.replace("%", "%%") if given else asked
    for name in given:
        query = query.replace(f":{name}", f"%({name})s")
    with raw.cursor() as cursor:
        # The types, without a row.
        cursor.execute(f"SELECT * FROM ({query}) AS shape LIMIT 0", given or None)  # noqa: S608 - it is only read
        columns = {each.name: each.type_code for each in cursor.description}
        if len(columns) < len(cursor.description):
            hint = "name them with AS"
            raise InvalidInput("two columns of the answer have one name", hint=hint, field="query")
    if not columns or not set(columns.values()) <= _KNOWN:
        return None
    return _copied(raw, query, given, columns, seconds)


def _copied(
    raw: Any, query: str, values: dict[str, Any], columns: dict[str, int], seconds: float
) -> Iterator[pl.DataFrame]:
    held, size = [], 0
    with raw.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL DateStyle = ISO")
        with (
            cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", values or None) as copy,
            _watched(raw, seconds) as seen,
        ):
            # The server sends one row a message, so a piece always ends where a row does.
            for data in copy:
                seen()
                held.append(bytes(data))
                size += len(held[-1])
                if size >= PIECE:
                    yield _frame(b"".join(held), columns)
                    held, size = [], 0
    if held:
        yield _frame(b"".join(held), columns)


@contextmanager
def _watched(raw: Any, seconds: float) -> Iterator[Any]:
    """Break the connection off when it is silent for too long: a copy waits without an end of its own."""
    over, fed = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            fed.clear()
            if not over.wait(seconds) and not fed.is_set():
                # On a duplicate of the descriptor: the driver keeps its own, and raises in the thread that
                # waits.
                with socket.socket(fileno=socket.dup(raw.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)
                return

    thread = threading.Thread(target=watch, name="postgres-copy", daemon=True)
    thread.start()
    try:
        yield fed.set
    finally:
        over.set()
        thread.join()


def _frame(body: bytes, columns: dict[str, int]) -> pl.DataFrame:
    import polars as pl

    text = pl.read_csv(
        body, has_header=False, new_columns=list(columns), infer_schema=False, raise_if_empty=False
    )
    return pl.DataFrame([_checked(text[name], code) for name, code in columns.items()])


def _checked(text: pl.Series, code: int) -> pl.Series:
    import polars as pl

    try:
        return _typed(text, code)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(
            f"column {text.name!r} holds a value that no column can hold",
            why=reason(error),
            hint="such as infinity, or a year before 1: leave it out, or make it text, by a query",
            field="files",
        ) from error


def _typed(column: pl.Series, code: int) -> pl.Series:
    """Return a column of text as what it is."""
    import polars as pl

    if code == _BOOLEAN:
        return column == "t"
    if code == _DATE:
        return column.str.to_date("%Y-%m-%d")
    if code == _TIMESTAMP:
        return column.str.to_datetime(_TIME, time_unit="us")
    if code == _TIMESTAMPTZ:
        return column.str.strip_suffix("+00").str.to_datetime(_TIME, time_unit="us", time_zone="UTC")
    return column.cast(pl.Int64 if code in _INTEGERS else pl.Float64 if code in _FLOATS else pl.String)
