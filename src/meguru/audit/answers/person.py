"""What somebody did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from meguru.audit.answers.entries import EntryFilter, page, select_entries
from meguru.audit.answers.types import PersonAnswer
from meguru.audit.answers.who_could import RIGHT
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.governance.persons import persons
from meguru.kernel.event import Event
from meguru.kernel.operations import Context, operation

_MAX_NAME = 200
_DENIED, _LOOKED = "access.denied", "dataset_version.seen_in_clear"


@operation("audit.person", permission=RIGHT, query=True)
def person(
    ctx: Context,
    *,
    name: str,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    limit: int = 100,
) -> PersonAnswer:
    """Say everything that somebody did, refusals and looks at personal data in clear included.

    Also what was done to them as a principal (roles, sign-ins, tokens), and what they decided by a link.
    """
    wanted = EntryFilter(people=accounts_of(ctx.tx, name), since=since, until=until, projects=ctx.visible)
    events = page(ctx.tx, wanted, after, check_limit(limit) + 1)
    # By type: a look at the whole log, and no more of it in memory than a row a type.
    those = select_entries(wanted).order_by(None).subquery().c
    told = func.count(), func.min(those.at), func.max(those.at)
    rows = ctx.tx.execute(select(those.type, *told).group_by(those.type).order_by(those.type)).all()
    counts = {row[0]: row[1] for row in rows}
    return PersonAnswer(
        person=wanted.people[0],
        accounts=list(wanted.people),
        total=sum(counts.values()),
        first=min((row[2] for row in rows), default=None),
        last=max((row[3] for row in rows), default=None),
        counts=counts,
        denied=counts.get(_DENIED, 0),
        looks=counts.get(_LOOKED, 0),
        events=events[:limit],
        next_cursor=str(events[limit - 1].seq) if len(events) > limit else "",
    )


@operation("audit.events", permission=RIGHT, query=True)
def audit_events(
    ctx: Context,
    *,
    person: str = "",
    subject: str = "",
    type: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    limit: int = 1000,
) -> Page[Event]:
    """List the log for an export, oldest first: by person, thing, type (``release.*``) and time."""
    wanted = EntryFilter(
        people=accounts_of(ctx.tx, person) if person else (),
        subject=subject,
        type=type,
        since=since,
        until=until,
        projects=ctx.visible,
    )
    events = page(ctx.tx, wanted, after, check_limit(limit) + 1)
    more = str(events[limit - 1].seq) if len(events) > limit else ""
    return Page(items=events[:limit], next_cursor=more)


def accounts_of(tx: Connection, said: str) -> tuple[str, ...]:
    """Return the accounts of somebody, that of this name first: all that are one person's (`Persons`)."""
    name = said.removeprefix("principal/").strip()
    if not name or len(name) > _MAX_NAME:
        raise InvalidInput(f"{said[:100]!r} is nobody's name", field="name", hint="meguru principal list")
    return (name, *(each for each in persons(tx).accounts_of(name) if each != name))
