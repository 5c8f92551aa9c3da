"""`meguru waiver`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ENDPOINT, Id
from meguru.cli.groups import group
from meguru.cli.session import Session, read_moment, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.governance.waivers.types import Waiver

_WAIVER = Id("waiver")


@group
def command() -> None:
    """Waivers: for a while, with a reason, what a gate refused may go live; another person grants it."""


@command.command()
@click.argument("release", type=ENDPOINT)
@click.option("--gate", required=True, help="The gate that refused it; of several of one name metric#2.")
@click.option("--reason", required=True, help="Why it should go live all the same.")
@click.option("--until", default="", help="Until a moment: 2027-03-01, or 2027-03-01T09:00+09:00.")
@click.option("--for", "length", default="", help="So long: 12h, 30d.")
@with_session
def request(session: Session, release: str, gate: str, reason: str, until: str, length: str) -> None:
    """Ask that a gate's refusal of RELEASE (ENDPOINT@N) be let pass until a moment."""
    from meguru.app.calls import waiver_request as ask
    from meguru.base.durations import seconds
    from meguru.errors import UsageError

    if bool(length) == bool(until):
        raise UsageError("say how long", hint="--for 30d, or --until 2027-03-01")
    end = (
        read_moment(until)
        if until
        else datetime.now(UTC) + timedelta(seconds=seconds(length, field="for") or 0)
    )
    found = ask(session.open(), release=release, gate=gate, reason=reason, until=end)
    session.show(found, lambda: _short(found, f"next: another person: meguru waiver grant {found.id}"))


@command.command()
@click.argument("waiver", type=_WAIVER)
@click.option("--note", default="", help="What you make of it; it is kept.")
@with_session
def grant(session: Session, waiver: str, note: str) -> None:
    """Grant WAIVER, as a person who neither asked for it nor made the model or the release."""
    from meguru.app.calls import waiver_grant as ask

    found = ask(session.open(), waiver=waiver, note=note)
    session.show(found, lambda: _short(found, f"next: meguru release check {found.release}"))


@command.command()
@click.argument("waiver", type=_WAIVER)
@click.option("--note", default="", help="Why; it is kept.")
@with_session
def deny(session: Session, waiver: str, note: str) -> None:
    """Say that the gate's refusal stands."""
    from meguru.app.calls import waiver_deny as ask

    found = ask(session.open(), waiver=waiver, note=note)
    session.show(found, lambda: _short(found))


@command.command()
@click.argument("waiver", type=_WAIVER)
@click.option("--reason", required=True, help="Why.")
@with_session
def revoke(session: Session, waiver: str, reason: str) -> None:
    """Take WAIVER back: nothing goes live by it any more, and what is live by it needs a person."""
    from meguru.app.calls import waiver_revoke as ask

    found = ask(session.open(), waiver=waiver, reason=reason)
    session.show(found, lambda: _short(found))


@command.command("list")
@click.option("--endpoint", default="", help="Those at this endpoint.")
@click.option("--model", default="", help="Those of this model version, NAME@N.")
@click.option("--state", default="", help="requested, granted, denied, revoked or expired.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, endpoint: str, model: str, state: str, limit: int) -> None:
    """List waivers, newest first."""
    from meguru.app.calls import waiver_list as ask

    page = ask(session.open(), endpoint=endpoint, model=model, state=state, limit=limit)
    rows = [
        (w.id, w.state.value, w.gate, w.model, w.endpoint, w.expires_at, w.decided_by or w.asked_by, w.reason)
        for w in page.items
    ]
    columns = ("waiver", "state", "gate", "model", "endpoint", "until", "by", "reason")
    session.table(page, columns, rows, begin="meguru waiver request ENDPOINT@N --gate GATE --for 30d")


@command.command()
@click.argument("waiver", type=_WAIVER)
@with_session
def show(session: Session, waiver: str) -> None:
    """Show WAIVER: of what it is, why, who asked, who decided, and until when it holds."""
    from meguru.app.calls import waiver_show as ask

    found = ask(session.open(), waiver=waiver)

    def human() -> None:
        _short(found)
        for name, value in _facts(found):
            click.echo(f"  {name:<9} {value}")

    session.show(found, human)


def waiver_line(found: Waiver) -> str:
    """Return what is said of a waiver beside what leans on it."""
    ended = f" (ended: {found.end_reason})" if found.is_lapsed else ""
    return (
        f"{found.gate} was waived by {found.decided_by} until {cell(found.expires_at)}{ended}: {found.reason}"
    )


def _short(found: Waiver, then: str = "") -> None:
    click.echo(f"{found.ref}  {found.state.value}  {found.gate} of {found.model} at {found.endpoint}")
    if then:
        click.echo(f"  {then}")


def _facts(found: Waiver) -> list[tuple[str, str]]:
    facts = [
        ("release", found.release),
        ("refusal", found.refusal),
        ("reason", found.reason),
        ("asked", f"{found.asked_by}, {cell(found.asked_at)}"),
        ("until", cell(found.expires_at)),
    ]
    if found.decided_at:
        note = f": {found.note}" if found.note else ""
        facts.append(("decided", f"{found.decided_by}, {cell(found.decided_at)}{note}"))
    if found.ended_at:
        facts.append(("ended", f"{found.ended_by}, {cell(found.ended_at)}: {found.end_reason}"))
    if found.used_by:
        facts.append(("live by it", found.used_by))
    return [*facts, ("made by", ", ".join(found.authors))]
