"""Read the log as an auditor asks: by person, thing, type and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, String, and_, or_, select, type_coerce

from meguru.kernel.event import Event
from meguru.kernel.events.read import from_row
from meguru.kernel.events.schema import event

_BATCH = 500


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; empty and None mean all.

    `subject` also stands for its versions; `type` may end with ``*``; `until` is within. `people` are
    accounts: whose doing it was, whose word it carries, or who it is about.
    """

    people: tuple[str, ...] = ()
    subject: str = ""
    type: str = ""
    since: datetime | None = None
    until: datetime | None = None
    projects: AbstractSet[str] | None = None


def select_entries(wanted: EntryFilter) -> Select[tuple[object, ...]]:
    """Return the question for the entries, oldest first."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.people:
        conditions.append(or_(*map(_of_person, wanted.people)))
    if wanted.subject:
        # A prefix with the @: `model/a` has the versions of `model/a`, and none of `model/ab`.
        one = event.c.subject == wanted.subject
        versions = event.c.subject.startswith(f"{wanted.subject}@", autoescape=True)
        conditions.append(or_(one, versions) if "@" not in wanted.subject else one)
    if wanted.type.endswith("*"):
        conditions.append(event.c.type.startswith(wanted.type[:-1], autoescape=True))
    elif wanted.type:
        conditions.append(event.c.type == wanted.type)
    if wanted.since is not None:
        conditions.append(event.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(event.c.at <= wanted.until)
    if wanted.projects is not None:
        conditions.append(event.c.project.in_(wanted.projects))
    return select(event).where(*conditions).order_by(event.c.seq)


def page(tx: Connection, wanted: EntryFilter, after: int, limit: int) -> list[Event]:
    """Return the first entries of a filter after a number."""
    query = select_entries(wanted).where(event.c.seq > after).limit(limit)
    return [from_row(row) for row in tx.execute(query)]


def of_types(tx: Connection, types: Iterable[str], until: datetime) -> Iterator[Event]:
    """Yield the entries of some types up to a moment, in the order of their numbers."""
    query = select(event).where(event.c.type.in_(list(types)), event.c.at <= until).order_by(event.c.seq)
    with tx.execute(query, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            yield from_row(row)


def _of_person(name: str) -> ColumnElement[bool]:
    # Who decides by a link or a signature is told in the data; the door is the actor.
    # Data is canonical JSON text: the field with its value is one text in it, quoted as JSON quotes.
    said = msgspec.json.encode({"by": name}).decode()[1:-1]
    data = type_coerce(event.c.data, String)
    return or_(
        event.c.actor == name,
        event.c.subject == f"principal/{name}",
        and_(event.c.type.startswith("release."), data.contains(said, autoescape=True)),
    )
