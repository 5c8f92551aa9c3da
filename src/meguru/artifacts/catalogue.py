"""What the kinds tell of their things for the catalogue: two families, by which all of them are found.

``described`` are functions ``(tx, projects) -> Iterable[Described]``, quick for many thousands; ``detailed``
are functions ``(ctx, name) -> Detail`` of the few that are shown.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.events.schema import edge
from meguru.kernel.kinds import kind_of

DESCRIBED, DETAILED = "described", "detailed"
MOST_USERS = 10
_LOOKED_AT = 500


class Described(NamedTuple):
    """A thing by its name, with what people say of it."""

    name: str
    description: str = ""
    owner: str = ""


class Detail(NamedTuple):
    """How a thing is, in a word or two; since when, and what uses it (references)."""

    health: str
    at: datetime | None = None
    used_by: tuple[str, ...] = ()


def users_of(tx: Connection, ref: str) -> tuple[str, ...]:
    """Return what was made from any version of a thing, itself or by runs, without versions, newest first."""
    made = _targets(tx, edge.c.source.between(f"{ref}@", f"{ref}@\x7f") | (edge.c.source == ref))
    runs = [str(each) for each in made if not _is_named(each)]
    further = _targets(tx, edge.c.source.in_(runs[:_LOOKED_AT])) if runs else []
    named = [refs.make(each.kind, each.name) for each in (*made, *further) if _is_named(each)]
    return tuple(fromkey for fromkey in dict.fromkeys(named) if fromkey != ref)[:MOST_USERS]


def _targets(tx: Connection, where: ColumnElement[bool]) -> list[refs.Ref]:
    query = select(edge.c.target).where(where).order_by(edge.c.event_seq.desc()).limit(_LOOKED_AT)
    found = []
    for target in tx.execute(query).scalars():
        with suppress(InvalidInput):
            found.append(refs.parse(target))
    return found


def _is_named(ref: refs.Ref) -> bool:
    kind = kind_of(ref.kind)
    return kind is not None and kind.named
