"""Databases of others: SQLite or PostgreSQL, read and never changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from meguru.errors import InvalidInput, MissingDependency, UsageError, masked

_A_FETCH = 5_000
_SECRET = re.compile(r"\$\{(env|file):([^}]+)\}")
SCHEMES = ("sqlite:", "postgresql:", "postgres:")


@contextmanager
def connected(url: str, *, environment: Mapping[str, str] | None = None) -> Iterator[Connection]:
    """Open a database for reading, in one transaction.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER:${env:NAME}@HOST/DB``: what is secret is named, as
        ``${env:NAME}`` or ``${file:PATH}``, and never written.
    environment
        Where variables are looked up; this process's by default.

    Raises
    ------
    UsageError
        When the URL can't be used, or holds a password in clear.
    InvalidInput
        When the database can't be reached, or refuses what is asked within.
    """
    try:
        engine = create_engine(_opened(url, os.environ if environment is None else environment))
    except ModuleNotFoundError as error:
        raise MissingDependency.of("postgres", "psycopg") from error
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield connection
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:300]
        raise InvalidInput(
            "the database did not answer the query", where=masked(url), why=masked(why)
        ) from None
    finally:
        engine.dispose()


def select(connection: Connection, query: str) -> CursorResult[Any]:
    """Ask for rows, fetched some thousand at a time."""
    # A colon of the query's own is no parameter of ours.
    return connection.execution_options(yield_per=_A_FETCH).execute(text(query.replace(":", r"\:")))


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


def _opened(url: str, environment: Mapping[str, str]) -> URL:
    try:
        given = make_url(url)
    except (ArgumentError, ValueError):
        # Its own words may repeat a part of the password.
        raise UsageError("the database's URL can't be read", hint="postgresql://USER@HOST/NAME") from None
    if given.password is not None and not _SECRET.fullmatch(str(given.password)):
        raise UsageError(
            "a password does not belong into a URL",
            where=masked(url),
            why="it would stand in the shell's history and in lists of processes",
            hint="write where it is in its place: ${env:NAME}, or ${file:PATH}",
        )
    if given.drivername == "sqlite":
        path = Path(given.database or "").absolute()
        if not path.is_file():
            raise UsageError(f"there is no database {path}", where=str(path))
        return URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    if given.drivername not in {"postgresql", "postgres"}:
        raise UsageError(
            f"a database of the kind {given.drivername!r} can't be read", hint="sqlite:/// or postgresql://"
        )
    secret = None if given.password is None else _secret(str(given.password), environment)
    return given.set(drivername="postgresql+psycopg", password=secret)


def _secret(text: str, environment: Mapping[str, str]) -> Any:
    kind, name = _SECRET.fullmatch(text).groups()  # type: ignore[union-attr]
    if kind == "env":
        if name not in environment:
            raise UsageError(f"the variable {name} is not set", where=name)
        return environment[name]
    try:
        return Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the file of a secret can't be read", where=name, why=str(error)) from None
