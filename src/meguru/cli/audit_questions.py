"""`meguru audit who-could`, `changes`, `person` and `in-force`."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import REF
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.audit.answers.types import FieldStep

    _Moment = click.ParamType[datetime]
else:
    _Moment = click.ParamType  # has no brackets in click 8.1

_AT = "A moment (2026-03-01T12:00:00Z), or a day: its end, in UTC."


class Moment(_Moment):
    """A moment, or a day of which the end (or the beginning) is meant; UTC where no zone is written."""

    name = "moment"

    def __init__(self, *, end: bool) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read what was typed."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment: write 2026-03-01 or 2026-03-01T12:00:00Z", param, ctx)
        if len(value) <= len("2026-03-01"):
            found = datetime.combine(found.date(), time.max if self._end else time.min)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


at_option = click.option("--at", type=Moment(end=True), help=_AT)
since_option = click.option("--since", type=Moment(end=False), help="From this moment, or day, on.")
until_option = click.option(
    "--until", type=Moment(end=True), help="Up to this moment, or the end of this day."
)


@verb
@click.argument("ref", type=REF)
@click.option(
    "--verb", "what", default="read", show_default=True, help="read, write, promote … or noun:verb."
)
@at_option
@with_session
def who_could(session: Session, ref: str, what: str, at: datetime | None) -> None:
    """Say who could see REF, or do something with it, at a moment, and through what."""
    from meguru.app.calls import audit_who_could as ask

    found = ask(session.open(), ref=ref, verb=what, at=at)
    if session.as_json:
        session.show(found, lambda: None)
        return
    rows = [
        (
            each.principal,
            each.kind,
            ", ".join(
                role.role + (f" in {role.project or 'default'}" if role.project != "*" else "")
                for role in each.roles
            ),
            ", ".join(role.via for role in each.roles if role.via),
            len(each.tokens),
        )
        for each in found.who
    ]
    session.table(found, ("who", "kind", "roles", "through", "tokens"), rows, empty="nobody")
    for told in found.unknown:
        click.echo(f"not known: {told}", err=True)


@verb
@click.argument("ref", type=REF)
@since_option
@until_option
@click.option("--after", default=0, help="From behind this entry on: the next page.")
@click.option("--limit", default=100, show_default=True, help="How many.")
@with_session
def changes(
    session: Session, ref: str, since: datetime | None, until: datetime | None, after: int, limit: int
) -> None:
    """List who changed REF, and what of it: before and after."""
    from meguru.app.calls import audit_changes as ask
    from meguru.app.kinds import all_kinds
    from meguru.artifacts.describe import says

    page = ask(session.open(), ref=ref, since=since, until=until, after=after, limit=limit)
    all_kinds()  # each kind's events bring their sentences
    rows = [
        (one.seq, one.at, one.actor, one.type, "; ".join(map(_step, each.fields)) or says(one))
        for each in page.items
        for one in [each.event]
    ]
    session.table(page, ("seq", "at", "by", "what", "fields"), rows, empty="nothing happened to it")
    _tell_more(page.next_cursor)


@verb
@click.argument("name")
@since_option
@until_option
@click.option("--after", default=0, help="From behind this entry on: the next page.")
@click.option("--limit", default=100, show_default=True, help="How many.")
@with_session
def person(
    session: Session, name: str, since: datetime | None, until: datetime | None, after: int, limit: int
) -> None:
    """List everything that somebody did, refusals and looks at personal data included."""
    from meguru.app.calls import audit_person as ask
    from meguru.app.kinds import all_kinds
    from meguru.artifacts.describe import says

    found = ask(session.open(), name=name, since=since, until=until, after=after, limit=limit)
    all_kinds()  # each kind's events bring their sentences
    rows = [(event.seq, event.at, event.type, event.actor, says(event)) for event in found.events]
    session.table(found, ("seq", "at", "type", "by", "what"), rows, empty="nothing in the log")
    if not session.as_json:
        click.echo(
            f"{found.total:,} entries, {found.denied:,} refusals, {found.looks:,} looks at personal data",
            err=True,
        )
    _tell_more(found.next_cursor)


@verb
@at_option
@with_session
def in_force(session: Session, at: datetime | None) -> None:
    """List every release that was in force at a moment, since when, and who had agreed."""
    from meguru.app.calls import audit_in_force as ask

    found = ask(session.open(), at=at)
    rows = [
        (
            each.endpoint,
            each.release,
            each.model,
            each.since,
            each.by,
            ", ".join(a.by for a in each.approvals),
        )
        for each in found.releases
    ]
    columns = ("endpoint", "release", "model", "since", "by", "approved by")
    session.table(found, columns, rows, empty="none was")


def _step(step: FieldStep) -> str:
    return f"{step.field}: {cell(step.before)} → {cell(step.after)}"


def _tell_more(cursor: str) -> None:
    if cursor:
        click.echo(f"there is more: --after {cursor}", err=True)
