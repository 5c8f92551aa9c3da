"""Rows of one table, chosen by the values of some columns: for the statements that every call makes.

They mean what the same statements of SQLAlchemy mean, on either database: values are spelled by the types of
their columns, and one that is too long for its column is refused. SQLAlchemy takes longer to put a statement
together than a database to carry it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, Connection, Table
from sqlalchemy.types import TypeDecorator

from meguru.storage.db.raw import RawSql
from meguru.storage.lengths import check_length
from meguru.storage.statements import marks

RowKey = Mapping[str, Any]
"""Values by column; None stands for no value."""
_Spell = Callable[[Any], Any]


def insert(tx: Connection, table: Table, *rows: Mapping[str, Any], on_conflict: str = "") -> None:
    """Add rows that all have the same columns; `on_conflict` is the clause for those that are there."""
    if not rows:
        return
    # Statements are cached by table and columns: the same few are made over and over.
    names = tuple(rows[0])
    sql, values = _insert_sql(table, names) + on_conflict, [_kept(table, names, row) for row in rows]
    if len(values) == 1:
        RawSql(tx).execute(sql, values[0])
    else:
        RawSql(tx).executemany(sql, values)


def update(tx: Connection, table: Table, where: RowKey, values: Mapping[str, Any]) -> int:
    """Change rows; return how many."""
    names = tuple(values)
    sql, wanted = _where(table, where)
    found: int = (
        RawSql(tx).execute(_update_sql(table, names) + sql, [*_kept(table, names, values), *wanted]).rowcount
    )
    return found


def update_each(tx: Connection, table: Table, key: str, *changed: Mapping[str, Any]) -> None:
    """Change rows, each of which has the same columns, with the one by which it is found among them."""
    if not changed:
        return
    names = tuple(name for name in changed[0] if name != key)
    sql = f'{_update_sql(table, names)} WHERE "{key}" = ?'
    RawSql(tx).executemany(sql, [[*_kept(table, names, row), row[key]] for row in changed])


def delete(tx: Connection, table: Table, where: RowKey) -> int:
    """Remove rows; return how many."""
    sql, wanted = _where(table, where)
    found: int = RawSql(tx).execute(f'DELETE FROM "{table.name}"{sql}', wanted).rowcount  # noqa: S608
    return found


def select(
    tx: Connection, table: Table, where: RowKey, columns: Sequence[str] = (), *, order: str = ""
) -> list[dict[str, Any]]:
    """Return rows as mappings of some columns, or of all."""
    names = tuple(columns) or _names(table)
    sql, wanted = _where(table, where)
    ordered = f' ORDER BY "{order}"' if order else ""
    rows = RawSql(tx).execute(_select_sql(table, names) + sql + ordered, wanted)
    readers = _readers(table, names)
    return [
        {
            name: value if read is None or value is None else read(value)
            for name, value, read in zip(names, row, readers, strict=True)
        }
        for row in rows.fetchall()
    ]


def first(tx: Connection, table: Table, where: RowKey, columns: Sequence[str] = ()) -> dict[str, Any] | None:
    """Return one row, as `select` does; None if there is none."""
    found = select(tx, table, where, columns)
    return found[0] if found else None


def has(tx: Connection, table: Table, where: RowKey) -> bool:
    """Tell whether there is such a row."""
    sql, wanted = _where(table, where)
    return RawSql(tx).execute(f'SELECT 1 FROM "{table.name}"{sql} LIMIT 1', wanted).fetchone() is not None  # noqa: S608


def _kept(table: Table, names: tuple[str, ...], row: Mapping[str, Any]) -> list[Any]:
    found = []
    for name, (spell, most) in zip(names, _writers(table, names), strict=True):
        value = _plain(row[name], spell)
        if most and isinstance(value, str):
            check_length(name, value, most)
        found.append(value)
    return found


def _where(table: Table, where: RowKey) -> tuple[str, list[Any]]:
    names = tuple(where)
    # `= NULL` is never true in SQL: a column without a value is asked for by IS NULL, which takes no
    # parameter.
    empty = tuple(name for name in names if where[name] is None)
    spelled = zip(names, _writers(table, names), strict=True)
    values = [_plain(where[name], spell) for name, (spell, _) in spelled if where[name] is not None]
    return _where_sql(names, empty), values


def _plain(value: Any, spell: _Spell | None) -> Any:
    if spell is not None:
        return spell(value)
    return value.value if isinstance(value, Enum) else value


# The names in these statements come from our own schema, never from outside.
@lru_cache(maxsize=256)
def _insert_sql(table: Table, names: tuple[str, ...]) -> str:
    return f'INSERT INTO "{table.name}" ({_quoted(names)}) VALUES ({marks(len(names))})'  # noqa: S608


@lru_cache(maxsize=256)
def _update_sql(table: Table, names: tuple[str, ...]) -> str:
    return f'UPDATE "{table.name}" SET ' + ", ".join(f'"{name}" = ?' for name in names)  # noqa: S608


@lru_cache(maxsize=256)
def _select_sql(table: Table, names: tuple[str, ...]) -> str:
    return f'SELECT {_quoted(names)} FROM "{table.name}"'  # noqa: S608


@lru_cache(maxsize=256)
def _where_sql(names: tuple[str, ...], empty: tuple[str, ...]) -> str:
    terms = (f'"{name}" IS NULL' if name in empty else f'"{name}" = ?' for name in names)
    return " WHERE " + " AND ".join(terms)


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=512)
def _writers(table: Table, names: tuple[str, ...]) -> list[tuple[_Spell | None, int]]:
    """Return, of each column, how a value is spelled and how long a text may be."""
    kinds = [table.c[name].type for name in names]
    return [
        (_bound(kind.process_bind_param), 0)
        if isinstance(kind, TypeDecorator)
        else (None, getattr(kind, "length", None) or 0)
        for kind in kinds
    ]


@lru_cache(maxsize=256)
def _names(table: Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns)  # some are no plain texts, which msgspec wants


@lru_cache(maxsize=256)
def _readers(table: Table, names: tuple[str, ...]) -> list[_Spell | None]:
    return [_reader(table.c[name].type) for name in names]


def _reader(kind: Any) -> _Spell | None:
    if isinstance(kind, TypeDecorator):
        return _bound(kind.process_result_value)
    return bool if isinstance(kind, Boolean) else None  # SQLite has no truth, only numbers


def _bound(process: Callable[[Any, Any], Any]) -> _Spell:
    return lambda value: process(value, None)
