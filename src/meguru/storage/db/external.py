"""Databases of others: SQLite or PostgreSQL, read and never changed. There is no other way to read one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, bindparam, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.types import NullType

from meguru.base.library_errors import reason
from meguru.base.source_secrets import Secrets
from meguru.errors import InvalidInput, MissingDependency, Unreachable, UsageError, masked

_FETCH_ROWS = 5_000
SECONDS = 60.0
SCHEMES = ("sqlite:", "postgresql:", "postgres:")
_LOST = ("OperationalError", "InterfaceError")
"""What drivers raise when the database is away, or did not answer in time."""
_LATER = ("locked", "busy")
"""What SQLite says when another writes just now."""
PlaceOf = Callable[[str, str], Path]


def anywhere(given: str, field: str) -> Path:
    """Return the place that a text names to who reads in their own process."""
    del field
    return Path(given).absolute()


@contextmanager
def connected(
    url: str,
    *,
    secrets: Secrets | None = None,
    place: PlaceOf = anywhere,
    seconds: float = SECONDS,
) -> Iterator[Connection]:
    """Open a database for reading, in one transaction that sees one moment of it.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER:${MEGURU_SOURCE_PASSWORD}@HOST/DB``: a password is named,
        and never written.
    secrets
        What may be named; by default the caller's own variables (``${env:NAME}``) and files too.
    place
        Says where a file of SQLite is, or refuses it.
    seconds
        How long it may be silent.

    Raises
    ------
    UsageError
        When the URL can't be used, or holds a password in clear.
    InvalidInput
        When the database refuses what is asked within.
    Unreachable
        When it can't be reached, or dies in the middle.
    """
    secrets = secrets or Secrets(own=True)
    try:
        engine = create_engine(*_opened(url, secrets, place), connect_args=_timeouts(url, seconds))
    except ModuleNotFoundError as error:
        raise MissingDependency.of("postgres", "psycopg") from error
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                # Rows of a large table else begin anywhere: the same rows would not be the same bytes.
                connection.exec_driver_sql("SET LOCAL synchronize_seqscans = off")
                connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
            yield connection
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        # Not chained: the driver's words may hold the password.
        raise _explained(error, url, secrets) from None
    finally:
        engine.dispose()


def select(connection: Connection, query: str, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
    """Ask for rows, fetched some thousand at a time; `values` are those of names like ``:since``."""
    # Of SQLAlchemy's text() each :name is a parameter; a colon of the query's own (a cast, a time) is none.
    asked = query.replace(":", r"\:")
    for name in values or {}:
        asked = asked.replace(rf"\:{name}", f":{name}")
    # Without a type of ours: the database finds out what a value is, from what it is compared with.
    asking = text(asked).bindparams(*(bindparam(name, type_=NullType()) for name in values or {}))
    return connection.execution_options(yield_per=_FETCH_ROWS).execute(asking, dict(values or {}))


def tables(connection: Connection) -> list[str]:
    """Return the names of tables and views, those of other schemas than the usual one with theirs."""
    looked = inspect(connection)
    found = [*looked.get_table_names(), *looked.get_view_names()]
    others = set(looked.get_schema_names()) - {looked.default_schema_name, "information_schema", "main"}
    for schema in sorted(others):
        found += [
            f"{schema}.{name}" for name in (*looked.get_table_names(schema), *looked.get_view_names(schema))
        ]
    return sorted(found)


def _opened(url: str, secrets: Secrets, place: PlaceOf) -> tuple[URL]:
    secrets.check_url(url, "files")
    try:
        given = make_url(secrets.open_url(url, "files"))
    except (ArgumentError, ValueError):
        # Its own words may repeat a part of the password.
        raise UsageError("the database's URL can't be read", hint="postgresql://USER@HOST/NAME") from None
    if given.drivername == "sqlite":
        path = place(given.database or "", "files")
        if not path.is_file():
            raise UsageError(f"there is no database {path}", where=str(path))
        return (URL.create("sqlite", database=path.as_uri(), query={"mode": "ro", "uri": "true"}),)
    if given.drivername not in {"postgresql", "postgres"}:
        raise UsageError(
            f"a database of the kind {given.drivername!r} can't be read", hint="sqlite:/// or postgresql://"
        )
    return (given.set(drivername="postgresql+psycopg"),)


def _timeouts(url: str, seconds: float) -> dict[str, Any]:
    if url.startswith("sqlite:"):
        return {"timeout": min(seconds, 30.0)}
    waited = max(2, int(seconds))
    return {
        "connect_timeout": min(waited, 30),
        "options": f"-c statement_timeout={waited * 1000}",
        # A host that is gone without a word is found out too.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": waited * 1000,
    }


def _explained(error: Exception, url: str, secrets: Secrets) -> InvalidInput | Unreachable:
    own = getattr(error, "orig", None) or error
    said = str(own)
    why, where = secrets.hide(reason(own)), masked(url)
    lost = any(kind.__name__ in _LOST for kind in type(own).__mro__)
    lost = lost or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if url.startswith("sqlite:"):
        lost = any(word in said for word in _LATER)
    if lost:
        return Unreachable("the database can't be reached, or broke off", where=where, why=why)
    return InvalidInput("the database did not answer the query", where=where, why=why)
