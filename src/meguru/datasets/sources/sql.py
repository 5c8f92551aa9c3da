"""A table, or what a query answers, of a database."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from meguru.datasets.sources.base import Fetched, Progress
from meguru.errors import InvalidInput, UsageError, masked, near_misses

BATCH = 100_000
_TABLE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)?")


_KNOWN = (bool, int, float, str, bytes, datetime, date, time, timedelta, list)


def _plain(value: Any) -> Any:
    """Return a value as a column can hold it: an exact fraction as a number, what no column knows as text."""
    if value is None or isinstance(value, _KNOWN):
        return value
    return float(value) if isinstance(value, Decimal) else str(value)


class SqlSource:
    """Reads rows in one transaction that writes nothing, into a Parquet file, in batches."""

    def __init__(self, address: str, query: str = "") -> None:
        # urldefrag would take slashes from sqlite:////a/path.
        self.address, _, table = address.partition("#")
        table = unquote(table)
        if bool(table) == bool(query):
            what = "a table or a query is read, not both" if query else "which table is to be read?"
            hint = f"{masked(self.address)}#TABLE, or --query 'SELECT …'"
            raise UsageError(what, hint=hint, field="files")
        if table and not _TABLE.fullmatch(table):
            raise UsageError(f"{table[:80]!r} names no table", hint="use --query", field="files")
        self.table, self.query = table, query

    def fetch(self, folder: Path, progress: Progress) -> list[Fetched]:
        """Bring the rows; a column holds one type, or it is refused."""
        try:
            with closing(self.connect()) as connection:
                frame = self._rows(connection, progress)
        except InvalidInput:
            raise
        except Exception as error:
            raise self._refused(str(error).split("\n")[0][:300]) from error
        if not frame.height:
            raise self._refused("it has no rows")
        name = f"{self.table.rpartition('.')[2] or 'query'}.parquet"
        frame.write_parquet(folder / name, compression="zstd")
        return [Fetched(path=name, file=folder / name)]

    def connect(self) -> Any:
        """Return a connection of the DB-API that may only read."""
        raise NotImplementedError

    def tables(self, connection: Any) -> list[str]:
        """Return the names of its tables."""
        raise NotImplementedError

    def _rows(self, connection: Any, progress: Progress) -> Any:
        import polars as pl

        query = self.query
        if self.table:
            known = self.tables(connection)
            if self.table not in known:
                close = near_misses(self.table, known)
                hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known[:12])}"
                raise InvalidInput(f"there is no table {self.table!r}", hint=hint, field="files")
            query = f"SELECT * FROM {self.quoted()}"  # noqa: S608 - a name that the database itself gave
        cursor = connection.cursor()
        cursor.execute(query)
        names = [each[0] for each in cursor.description or ()]
        if len(set(names)) < len(names):
            raise InvalidInput(
                "two columns of the answer have one name", hint="name them with AS", field="query"
            )
        kinds: dict[str, set[type]] = {}
        parts, done = [], 0
        while rows := cursor.fetchmany(BATCH):
            plain = [[_plain(value) for value in row] for row in rows]
            for name, values in zip(names, zip(*plain, strict=True), strict=True):
                self._check_one_type(name, kinds.setdefault(name, set()), values)
            parts.append(
                pl.DataFrame(plain, schema=names, orient="row", infer_schema_length=None, strict=True)
            )
            done += len(rows)
            progress(done, self.table or "query")
        return pl.concat(parts, how="vertical_relaxed") if parts else pl.DataFrame(schema=names)

    def quoted(self) -> str:
        """Return the table's name as SQL has it."""
        return ".".join(f'"{part}"' for part in self.table.split("."))

    def _check_one_type(self, name: str, known: set[type], values: tuple[Any, ...]) -> None:
        known |= {type(value) for value in values} - {type(None)}
        if len(known) > 1 and known != {int, float}:
            shown = " and ".join(sorted(each.__name__ for each in known))
            raise self._refused(f"column {name!r} holds values of more than one type: {shown}")

    def _refused(self, why: str) -> InvalidInput:
        hint = "a column that holds several types is made one by the query: CAST(x AS TEXT)"
        return InvalidInput(
            f"{masked(self.address)} can't be read",
            why=masked(why),
            field="files",
            hint=hint if "type" in why else "",
        )


class Sqlite(SqlSource):
    """``sqlite:///shop.db#orders`` (a path from here), ``sqlite:////data/shop.db#orders`` (from the root)."""

    def connect(self) -> sqlite3.Connection:
        """Open the file for reading."""
        path = Path(unquote(urlsplit(self.address).path.removeprefix("/")))
        if not path.is_file():
            raise InvalidInput(f"there is no file {str(path)!r}", field="files")
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def tables(self, connection: sqlite3.Connection) -> list[str]:
        """Return the names of tables and views."""
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        return [row[0] for row in connection.execute(query)]


class Postgres(SqlSource):
    """``postgresql://user@host/db#orders``; the password comes from the environment or a password file."""

    def connect(self) -> Any:
        """Open a session that only reads."""
        try:
            import psycopg
        except ImportError as error:
            raise UsageError("PostgreSQL needs psycopg", hint="pip install 'meguru[postgres]'") from error
        connection = psycopg.connect(self.address.replace("postgresql+psycopg", "postgresql"))
        connection.read_only = True
        return connection

    def tables(self, connection: Any) -> list[str]:
        """Return the names of tables and views, those outside of ``public`` with their schema."""
        query = (
            "SELECT CASE WHEN schemaname = 'public' THEN '' ELSE schemaname || '.' END || name FROM ("
            "SELECT schemaname, tablename AS name FROM pg_tables UNION ALL "
            "SELECT schemaname, viewname FROM pg_views) AS found "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        return [row[0] for row in connection.execute(query)]
