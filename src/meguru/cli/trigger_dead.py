"""`meguru trigger dead`: what arrived for a trigger and could not be read."""

from __future__ import annotations

import click

from meguru.cli.arguments import TRIGGER
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def dead() -> None:
    """Dead letters: what arrived for a trigger and could not be read."""


@dead.command("list")
@click.argument("name", type=TRIGGER)
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, name: str, limit: int) -> None:
    """List the dead letters of trigger NAME, and why each could not be read."""
    from meguru.app.calls import trigger_dead_letters as ask

    page = ask(session.open(), name=name, limit=limit)
    rows = [(each.at, each.id, each.source, each.size, each.reason) for each in page.items]
    session.table(page, ("at", "letter", "source", "bytes", "reason"), rows, empty="none: all could be read")


@dead.command()
@click.argument("name", type=TRIGGER)
@click.argument("letter")
@with_session
def show(session: Session, name: str, letter: str) -> None:
    """Show dead letter LETTER of trigger NAME with the beginning of its text."""
    from meguru.app.calls import trigger_dead_letter as ask

    found = ask(session.open(), name=name, letter=letter)

    def human() -> None:
        click.echo(f"{found.id}  {found.source}  {found.size} bytes  {found.reason}")
        click.echo(found.text)

    session.show(found, human)


@dead.command()
@click.argument("name", type=TRIGGER)
@click.argument("letter")
@with_session
def retry(session: Session, name: str, letter: str) -> None:
    """Read dead letter LETTER again, after trigger NAME was changed; it counts once."""
    from meguru.app.calls import trigger_retry_dead_letter as ask

    done = ask(session.open(), name=name, letter=letter)
    session.show(done, lambda: click.echo(f"trigger/{name}: {letter} is {done}"))


@dead.command()
@click.argument("name", type=TRIGGER)
@click.argument("letter")
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def drop(session: Session, name: str, letter: str, reason: str) -> None:
    """Give up dead letter LETTER of trigger NAME."""
    from meguru.app.calls import trigger_drop_dead_letter as ask

    gone = ask(session.open(), name=name, letter=letter, reason=reason)
    session.show(gone, lambda: click.echo(f"trigger/{name}: {gone.id} is dropped; the log tells of it"))
