"""`meguru notification`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import NOTIFICATION
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.alerts.notifications.types import Route

_OPTIONS = (
    click.option(
        "--to",
        multiple=True,
        help="A receiver, again for each: console, mailto:ADDRESS, webhook:URL, slack:URL, teams:URL.",
    ),
    click.option("--severity", help="The least urgent alerts to tell: critical, warning or info."),
    click.option("--alerts/--no-alerts", default=None, help="Tell of alerts, or only of --on."),
    click.option(
        "--on",
        "events",
        multiple=True,
        metavar="PATTERN",
        help="Other types of events to tell, such as 'release.*'.",
    ),
    click.option("--in", "projects", multiple=True, metavar="PROJECT", help="Whose; default: its own."),
    click.option("--hours", help="When: 'mon-fri 08:00-20:00 Asia/Tokyo'; the rest is told afterwards."),
    click.option("--dedupe", help="After a message, what comes within this time is told together: 5m."),
    click.option("--secret", help="What webhooks are signed with, by name: '${MEGURU_NOTIFY_SECRET}'."),
    click.option("--language", help="Of the messages: en or ja."),
)


def _given(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@group
def command() -> None:
    """Notifications: who is told of alerts and other events, by which channels, at which hours."""


@command.command()
@click.argument("name", type=NOTIFICATION)
@_given
@with_session
def create(session: Session, name: str, **given: Any) -> None:
    """Declare notification NAME; secrets are named (${MEGURU_NOTIFY_…}) and read where the server runs."""
    from meguru.alerts.notifications.kind import NotificationSpec
    from meguru.app.calls import notification_declare
    from meguru.cli.specs import read_spec
    from meguru.cli.specs import show as tell

    spec = read_spec(_fields(given) | {"to": list(given["to"])}, NotificationSpec)
    made = notification_declare(session.open(create=True), name=name, spec=spec)
    session.show(made, lambda: tell(made))


@command.command()
@click.argument("name", type=NOTIFICATION)
@_given
@with_session
def update(session: Session, name: str, **given: Any) -> None:
    """Change the declaration of notification NAME; what is not given stays."""
    from meguru.alerts.notifications.kind import NotificationSpec
    from meguru.app.calls import notification_declare
    from meguru.app.calls import notification_show as ask
    from meguru.cli.specs import change

    known = ask(session.open(), name=name)
    change(session, notification_declare, known, NotificationSpec, _fields(given))


@command.command()
@click.argument("name", type=NOTIFICATION)
@with_session
def delete(session: Session, name: str) -> None:
    """Take notification NAME out of use; what it was still to tell is let go."""
    from meguru.app.calls import notification_retire
    from meguru.cli.specs import retire

    retire(session, notification_retire, name)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List who is told of what."""
    from meguru.app.calls import notification_list as ask

    found = ask(session.open())
    rows = [(r.name, ", ".join(r.to), r.severity.value, ", ".join(r.events), r.hours) for r in found]
    columns = ("notification", "to", "severity", "also", "hours")
    session.table(found, columns, rows, begin="meguru notification create NAME --to console")


@command.command()
@click.argument("name", type=NOTIFICATION)
@with_session
def show(session: Session, name: str) -> None:
    """Show notification NAME."""
    from meguru.app.calls import notification_show as ask

    found = ask(session.open(), name=name)
    session.show(found, lambda: _print(found))


@command.command()
@click.argument("name", type=NOTIFICATION)
@with_session
def test(session: Session, name: str) -> None:
    """Send an example to each receiver of NAME, and show what came back; exit 1 if one did not take it."""
    from meguru.app.calls import notification_test as ask

    found = ask(session.open(), name=name)
    rows = [(t.to, "taken" if t.answer.is_taken else _wrong(t.answer), t.answer.seconds) for t in found]
    session.table(found, ("to", "result", "seconds"), rows)
    if not all(each.answer.is_taken for each in found):
        raise SystemExit(1)


@command.command()
@click.argument("name", type=NOTIFICATION)
@click.option("--state", default="", help="waiting, taken or failed.")
@click.option("--limit", default=50, show_default=True)
@with_session
def deliveries(session: Session, name: str, state: str, limit: int) -> None:
    """List the messages of NAME, the newest first: to whom, and what became of them."""
    from meguru.app.calls import notification_deliveries as ask

    found = ask(session.open(), name=name, state=state, limit=limit)
    rows = [
        (d.created_at, d.to, d.message.get("title", ""), d.state.value, d.attempts, d.error, d.id)
        for d in found
    ]
    columns = ("at", "to", "message", "state", "attempts", "error", "delivery")
    session.table(found, columns, rows, empty="it has told nobody yet")


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    found = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    return {key: value for key, value in found.items() if value not in (None, [])}


def _wrong(answer: Any) -> str:
    return answer.error or f"it answered {answer.status}"


def _print(found: Route) -> None:
    click.echo(f"{found.name}  {found.severity.value}  {cell(found.created_at)}")
    for to in found.to:
        click.echo(f"  to        {to}")
    for pattern in found.events:
        click.echo(f"  also      {pattern}")
    for name in ("hours", "secret", "language"):
        if value := getattr(found, name):
            click.echo(f"  {name:<8}  {value}")
    click.echo(f"  dedupe    {found.dedupe:g} s")
