"""Where blobs are referred to: each noun declares which columns of its tables hold digests of blobs.

A noun declares its sources when its operations are imported, and a process imports those that it is asked
for: who asks for all of them has them all imported (`every_source`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Row, literal, select, tuple_

from meguru.artifacts import trees
from meguru.artifacts.integrity.types import PLAIN, BlobMember, BlobReference
from meguru.base.paging import Page
from meguru.errors import InvalidInput
from meguru.kernel.kinds.everything import load_operations

_sources: dict[str, BlobSource] = {}
_forms: dict[str, Callable[[bytes], Iterable[BlobMember]]] = {}


class BlobSource:
    """The rows of one table that refer to blobs.

    Parameters
    ----------
    key
        The primary key's columns: rows are read in its order, some at a time.
    columns
        What `read` needs of a row.
    read
        The references of a row.
    """

    def __init__(
        self,
        *,
        key: Sequence[Column[Any]],
        columns: Sequence[Column[Any]],
        read: Callable[[Row[Any]], Iterable[BlobReference]],
    ) -> None:
        self.key, self.columns, self.read = key, columns, read
        self.name = str(key[0].table.name)

    def page(self, tx: Connection, after: list[Any], limit: int) -> tuple[list[BlobReference], list[Any]]:
        """Return the references of some rows and the key of the last one; no key when there are no more."""
        query = select(*self.columns, *(column.label(f"key_{n}") for n, column in enumerate(self.key)))
        if after:
            bounds = [literal(value, column.type) for column, value in zip(self.key, after, strict=True)]
            query = query.where(tuple_(*self.key) > tuple_(*bounds))
        rows = tx.execute(query.order_by(*self.key).limit(limit)).all()
        references = [reference for row in rows for reference in self.read(row)]
        last = list(rows[-1][-len(self.key) :]) if len(rows) == limit else []
        return references, last


def declare(source: BlobSource) -> BlobSource:
    """Make a table one of those that refer to blobs."""
    _sources[source.name] = source
    return source


def declare_form(name: str, read: Callable[[bytes], Iterable[BlobMember]]) -> None:
    """Make known how blobs of a form list others; what can't be read raises `ValueError`."""
    _forms[name] = read


def declared() -> dict[str, BlobSource]:
    """Return the sources that were declared by now, by the name of their tables."""
    return dict(sorted(_sources.items()))


def every_source() -> dict[str, BlobSource]:
    """Return the sources of the whole product, after all of it was loaded.

    Who frees blobs, or looks whether all are there, has to ask each: a process that does one thing has loaded
    little else.
    """
    load_operations()
    return declared()


def members(form: str, body: bytes) -> list[BlobMember]:
    """Return what a blob of a form lists."""
    return list(_forms[check_form(form)](body)) if form != PLAIN else []


def check_form(form: str) -> str:
    """Refuse a form that nobody declares."""
    if form != PLAIN and form not in _forms:
        every_source()
    if form != PLAIN and form not in _forms:
        raise InvalidInput(
            f"no blob has the form {form[:60]!r}",
            hint=f"it is one of {', '.join([PLAIN, *sorted(_forms)])}",
            field="blobs",
        )
    return form


def read_page(tx: Connection, cursor: str, limit: int) -> Page[BlobReference]:
    """Return references of one table, and where to go on: in it, or in the next one."""
    names = list(every_source())
    name, after = _read_cursor(cursor, names)
    found, last = _sources[name].page(tx, after, limit)
    following = names[names.index(name) + 1 :]
    goes_on = (name, last) if last else (following[0], []) if following else None
    return Page(items=found, next_cursor=_cursor(*goes_on) if goes_on else "")


def _cursor(name: str, after: list[Any]) -> str:
    return f"{name}:{msgspec.json.encode(after).decode()}"


def _read_cursor(cursor: str, names: list[str]) -> tuple[str, list[Any]]:
    if not cursor:
        return names[0], []
    try:
        name, _, key = cursor.partition(":")
        after = msgspec.json.decode(key, type=list[int | str])
    except msgspec.MsgspecError as error:
        raise InvalidInput("this cursor is of no page", field="cursor") from error
    if name not in names or len(after) not in {0, len(_sources[name].key)}:
        raise InvalidInput("this cursor is of no page", field="cursor")
    return name, after


def _tree(body: bytes) -> Iterable[BlobMember]:
    for entry in msgspec.json.decode(body, type=list[trees.TreeEntry]):
        yield BlobMember(digest=entry.digest, path=entry.path)


declare_form("tree", _tree)
