"""`meguru inbox`."""

from __future__ import annotations

import click

from meguru.base.text import gettext as _
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Your inbox: what happened to what you follow, and who named you."""


@command.command("list")
@click.option("--all", "all_", is_flag=True, help="Also what you have seen.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, *, all_: bool, limit: int) -> None:
    """List what is new in your inbox, newest first."""
    from meguru.app.calls import subscription_inbox as ask

    found = ask(session.open(), unread=not all_, limit=limit)
    rows = [(i.at, i.why.value, i.type, i.about, i.actor, i.event) for i in found.items]
    columns = ("at", "why", "what", "thing", "by", "event")
    session.table(found, columns, rows, empty=_("nothing is new"))


@command.command()
@with_session
def read(session: Session) -> None:
    """Say that you have seen all that is in your inbox."""
    from meguru.app.calls import subscription_read as ask

    done = ask(session.open())
    session.show(done, lambda: click.echo(_("all is read")))


@command.command()
@click.option("--mail", default=None, help="An address that mails of it go to; '' for none.")
@click.option("--hours", default=None, help="When: 'mon-fri 08:00-18:00 Asia/Tokyo'; '' for always.")
@click.option("--dedupe", default=None, help="The shortest time between two mails: 10m, 2h, 1d.")
@click.option("--language", default=None, help="en or ja.")
@with_session
def configure(
    session: Session, *, mail: str | None, hours: str | None, dedupe: str | None, language: str | None
) -> None:
    """Say how you are told of your inbox beside the console; without options, show it."""
    from meguru.app.calls import subscription_configure as ask

    made = ask(session.open(), mail=mail, hours=hours, dedupe=dedupe, language=language)

    def human() -> None:
        click.echo(
            _("mails go to {mail}, {hours}, at most one in {seconds:g} s").format(
                mail=made.mail, hours=made.hours or _("at any time"), seconds=made.dedupe
            )
            if made.mail
            else _("no mails are sent")
        )

    session.show(made, human)
