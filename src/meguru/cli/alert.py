"""`meguru alert`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from meguru.base.text import gettext as _
from meguru.base.text import language_of
from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, read_moment, with_session
from meguru.cli.tables import cell, state

if TYPE_CHECKING:
    from meguru.alerts.types import Alert

COLUMNS = ("alert", "severity", "state", "what it means", "times", "last", "by")


@group
def command() -> None:
    """Alerts: what needs a person, one for each thing and cause, however often it comes."""


@command.command("list")
@click.option("--state", "state_", default="", help="open, acknowledged, resolved or all; default: not over.")
@click.option("--severity", default="", help="The least urgent to list: critical, warning or info.")
@click.option("--limit", default=30, show_default=True, help="How many, those that came last first.")
@with_session
def list_(session: Session, state_: str, severity: str, limit: int) -> None:
    """List what needs a person."""
    from meguru.alerts.sentences import sentence_of
    from meguru.app.calls import alert_list as ask

    page = ask(session.open(), state=state_, severity=severity, limit=limit)
    rows = [
        (
            a.id,
            a.severity.value,
            a.state.value,
            sentence_of(a, language_of()),
            a.count,
            a.last_at,
            a.acknowledged_by or a.resolved_by,
        )
        for a in page.items
    ]
    session.table(page, COLUMNS, rows, empty=_("no alert is open; a running server opens them: meguru up"))


@command.command()
@click.argument("alert", type=Id("alert"))
@with_session
def show(session: Session, alert: str) -> None:
    """Show ALERT: what it means, its evidence, and who looks after it."""
    from meguru.app.calls import alert_show as ask

    found = ask(session.open(), alert=alert)
    session.show(found, lambda: tell(found))


@command.command()
@click.argument("alert", type=Id("alert"))
@click.option("--note", default="", help="What others should know.")
@with_session
def ack(session: Session, alert: str, note: str) -> None:
    """Say that you look after ALERT."""
    from meguru.app.calls import alert_acknowledge as ask

    found = ask(session.open(), alert=alert, note=note)
    session.show(found, lambda: _short(found))


@command.command()
@click.argument("alert", type=Id("alert"))
@click.option("--for", "length", default="", help="So long: 30m, 2h, 1d.")
@click.option("--until", default="", help="Until a moment: 2026-03-29T09:00+09:00.")
@click.option("--note", default="", help="Why.")
@with_session
def mute(session: Session, alert: str, length: str, until: str, note: str) -> None:
    """Tell nobody of ALERT for some time; what comes meanwhile is told afterwards."""
    from datetime import UTC, datetime, timedelta

    from meguru.app.calls import alert_mute as ask
    from meguru.base.durations import seconds
    from meguru.errors import UsageError

    if bool(length) == bool(until):
        raise UsageError("say how long", hint="--for 2h, or --until 2026-03-29T09:00+09:00")
    over = (
        read_moment(until)
        if until
        else datetime.now(UTC) + timedelta(seconds=seconds(length, field="for") or 0)
    )
    found = ask(session.open(), alert=alert, until=over, note=note)
    session.show(found, lambda: _short(found))


@command.command()
@click.argument("alert", type=Id("alert"))
@with_session
def unmute(session: Session, alert: str) -> None:
    """Let ALERT be told again, with what came while it was muted."""
    from meguru.app.calls import alert_unmute as ask

    found = ask(session.open(), alert=alert)
    session.show(found, lambda: _short(found))


@command.command()
@click.argument("alert", type=Id("alert"))
@click.option("--note", default="", help="What it was.")
@with_session
def resolve(session: Session, alert: str, note: str) -> None:
    """Say that ALERT is over; what comes after that is a new one."""
    from meguru.app.calls import alert_resolve as ask

    found = ask(session.open(), alert=alert, note=note)
    session.show(found, lambda: _short(found))


def tell(found: Alert) -> None:
    """Print all of an alert."""
    from meguru.alerts.sentences import sentence_of

    _short(found)
    click.echo(f"  {sentence_of(found, language_of())}")
    lines: list[tuple[str, Any]] = [
        ("about", found.about),
        ("subject", found.subject),
        ("cause", f"{found.cause}  {found.last_event}"),
        ("times", found.count),
        ("since", found.opened_at),
        ("last", found.last_at),
        ("muted until", found.muted_until),
        ("acknowledged", _by(found.acknowledged_by, found.acknowledged_at)),
        ("note", found.note),
        ("resolved", _by(found.resolved_by, found.resolved_at)),
        *((f"  {key}", _plain(value)) for key, value in found.evidence.items()),
    ]
    for name, value in lines:
        if value not in ("", None):
            click.echo(f"  {_(name)}  {cell(value)}")


def _short(found: Alert) -> None:
    click.echo(f"{found.id}  {found.severity.value}  {state(found.state.value)}  {found.about}")


def _by(who: str, at: Any) -> str:
    return f"{who}  {cell(at)}" if who else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(cell(each) for each in value)
    return cell(value)
