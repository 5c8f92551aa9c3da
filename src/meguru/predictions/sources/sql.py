"""Rows from a database: SQLite or PostgreSQL, read and never changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from meguru.errors import InvalidInput, MissingDependency, UsageError, masked
from meguru.predictions.sources.rows import Row, SourceColumns

_A_FETCH = 5_000
_SECRET = re.compile(r"\$\{(env|file):([^}]+)\}")
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
SCHEMES = ("sqlite:", "postgresql:", "postgres:")


def read_sql(
    url: str, query: str, columns: SourceColumns, *, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[int, Row]]:
    """Give what a query finds, one row after another.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER:${env:NAME}@HOST/DB``: what is secret is named, as
        ``${env:NAME}`` or ``${file:PATH}``, and never written.
    query
        A ``SELECT``, or the name of a table.

    Raises
    ------
    UsageError
        When the URL can't be used, or holds a password in clear.
    InvalidInput
        When the database refuses the query, or a column is unknown.
    """
    place = masked(url)
    if _TABLE.fullmatch(query):
        query = f"SELECT * FROM {query}"  # noqa: S608 - the name of a table alone
    try:
        engine = create_engine(_opened(url, os.environ if environment is None else environment))
    except ModuleNotFoundError as error:
        raise MissingDependency.of("postgres", "psycopg") from error
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            found = connection.execution_options(yield_per=_A_FETCH).execute(
                text(query.replace(":", r"\:"))  # a colon of its own, and no parameter of ours
            )
            fields = columns.of(list(found.keys()), place)
            for number, row in enumerate(found, start=1):
                yield number, {field: each for field, each in zip(fields, row, strict=True) if field}
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:300]
        raise InvalidInput("the database did not answer the query", where=place, why=why) from None
    finally:
        engine.dispose()


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
