"""`meguru hold`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.artifacts.holds.store import LegalHold


@group
def command() -> None:
    """Legal holds: nothing of what they are about is erased, removed or let go while they stand."""


@command.command()
@click.argument("about", default="")
@click.option(
    "--who", multiple=True, metavar="COLUMN=VALUE", help="A person; a keyed hash is kept, no value."
)
@click.option("--why", required=True, help="Why; it stands in the log.")
@click.option(
    "--until", type=click.DateTime(), default=None, help="Until when (UTC); default: until released."
)
@with_session
def place(session: Session, about: str, *, who: tuple[str, ...], why: str, until: datetime | None) -> None:
    """Place ABOUT (dataset/NAME, endpoint/NAME, pipeline/NAME, project/NAME) or a person under a hold."""
    from datetime import UTC

    from meguru.app.calls import hold_place as ask
    from meguru.cli.erase import read_who

    moment = until.replace(tzinfo=UTC) if until else None
    told = read_who(who) if who else None
    made = ask(session.open(), about=about, who=told, why=why, until=moment)
    session.show(made, lambda: click.echo(f"{made.id}: {made.about or 'a person'} is under a hold"))


@command.command()
@click.argument("hold", type=Id("hold"))
@click.option("--why", required=True, help="Why; it stands in the log.")
@with_session
def release(session: Session, hold: str, why: str) -> None:
    """Release HOLD: what it was about may be erased and removed again."""
    from meguru.app.calls import hold_release as ask

    found = ask(session.open(), id=hold, why=why)
    session.show(found, lambda: click.echo(f"{found.about or 'a person'} is held no more by {found.id}"))


@command.command("list")
@click.option("--all", "released", is_flag=True, help="Also those that were released.")
@with_session
def list_(session: Session, *, released: bool) -> None:
    """List holds, newest first."""
    from meguru.app.calls import hold_list as ask

    found = ask(session.open(), released=released)
    rows = [_row(each) for each in found]
    columns = ("hold", "about", "why", "until", "by", "since", "released")
    session.table(found, columns, rows, begin="meguru hold place dataset/NAME --why REASON")


def _row(hold: LegalHold) -> tuple[object, ...]:
    about = hold.about or f"a person ({', '.join(hold.columns)})"
    return hold.id, about, hold.why, hold.until, hold.placed_by, hold.placed_at, hold.released_at
