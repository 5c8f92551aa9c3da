"""SQL of holds, on an open transaction; and which of them stand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, insert, or_, select, update

from meguru.artifacts.erasure.ledger import ErasureLedger, mark
from meguru.artifacts.holds.schema import legal_hold
from meguru.base import refs
from meguru.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meguru.kernel.workspace import Workspace

PERSON = "a person"


class LegalHold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold: what it is about (empty: a person, told by `columns`), why, until when, and who placed it."""

    id: str
    about: str
    columns: list[str]
    why: str
    until: datetime | None
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str
    released_why: str


class HoldsInForce:
    """The holds that stand at a moment."""

    def __init__(self, rows: Sequence[tuple[str, dict[str, object], str]]) -> None:
        self._things = {about: why for about, _, why in rows if about}
        self._people = [(marks, why) for about, marks, why in rows if not about]

    def of_thing(self, ref: str, project: str) -> str:
        """Return why something, or its whole project, is held; empty if it is not."""
        parsed = refs.parse(ref)
        own = refs.make(parsed.kind, parsed.name)
        return self._things.get(own) or self._things.get(refs.make("project", project or refs.DEFAULT), "")

    @property
    def are_of_things(self) -> bool:
        """Whether any stands that is about something else than a person."""
        return bool(self._things)

    def of_anybody(self) -> str:
        """Return why records and rows are held: nobody knows whose they are before they are read."""
        return self._people[0][1] if self._people else ""

    def of_person(self, ws: Workspace, who: Mapping[str, Iterable[str]]) -> str:
        """Return why a person is held, or may be: by a hold whose key is lost; empty if they are not."""
        keys = ErasureLedger(ws).keys if self._people else {}
        for marked, why in self._people:
            said = msgspec.convert(marked, _Marks)
            if (key := keys.get(said.key)) is None:
                return f"{why} (the key that tells who it is about is lost: it may be them)"
            for column, values in who.items():
                if any(mark(key, column, each) in said.marks.get(column, ()) for each in values):
                    return why
        return ""


class _Marks(msgspec.Struct):
    key: str
    marks: dict[str, list[str]]


def in_force(tx: Connection, now: datetime) -> HoldsInForce:
    """Return the holds that stand."""
    mine = legal_hold.c
    stands = mine.released_at.is_(None) & or_(mine.until.is_(None), mine.until > now)
    rows = tx.execute(select(mine.about, mine.person_hashes, mine.why).where(stands).order_by(mine.id))
    return HoldsInForce([(row.about, row.person_hashes, row.why) for row in rows])


def check_free(tx: Connection, now: datetime, ref: str, project: str) -> None:
    """Raise Conflict if something, or its whole project, is under a hold."""
    if why := in_force(tx, now).of_thing(ref, project):
        raise held(ref, why)


def held(ref: str, why: str, hint: str = "") -> Conflict:
    """Say that something is under a hold."""
    hint = hint or "nothing of it goes while it holds: meguru hold list; meguru hold release"
    return Conflict(f"{ref.partition('@')[0]} is under a legal hold", where=ref, why=why[:200], hint=hint)


def add(tx: Connection, made: LegalHold, person_hashes: dict[str, object]) -> None:
    """Write a hold."""
    values = msgspec.structs.asdict(made)
    del values["columns"]
    tx.execute(insert(legal_hold).values(**values, person_hashes=person_hashes))


def get(tx: Connection, id: str) -> LegalHold:
    """Return a hold."""
    row = tx.execute(select(legal_hold).where(legal_hold.c.id == refs.parse(id, kind="hold").name)).first()
    if row is None:
        raise NotFound.of("hold", id, hint="they are listed by: meguru hold list")
    return _from_row(row)


def release(tx: Connection, id: str, *, at: datetime, by: str, why: str) -> None:
    """Let a hold go."""
    values = {"released_at": at, "released_by": by, "released_why": why}
    tx.execute(update(legal_hold).where(legal_hold.c.id == id).values(values))


def page(tx: Connection, *, released: bool) -> list[LegalHold]:
    """Return holds, newest first; those that were released only if they are asked for."""
    query = select(legal_hold).order_by(legal_hold.c.id.desc()).limit(1000)
    if not released:
        query = query.where(legal_hold.c.released_at.is_(None))
    return [_from_row(row) for row in tx.execute(query)]


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of a hold: holds are of the whole workspace; None if there is none."""
    return "" if tx.execute(select(legal_hold.c.id).where(legal_hold.c.id == id)).first() else None


def _from_row(row: object) -> LegalHold:
    values = {str(key): value for key, value in row._mapping.items()}  # type: ignore[attr-defined]
    hashes = values.pop("person_hashes")
    return msgspec.convert(values | {"columns": sorted(hashes.get("marks", {}))}, LegalHold)
