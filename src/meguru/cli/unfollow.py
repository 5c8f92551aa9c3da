"""`meguru unfollow`."""

from __future__ import annotations

import click

from meguru.base.text import gettext as _
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("ref")
@with_session
def command(session: Session, ref: str) -> None:
    """Be told of REF no more; who names you there still reaches you."""
    from meguru.app.calls import subscription_unfollow as ask

    made = ask(session.open(), ref=ref)
    session.show(made, lambda: click.echo(_("you follow {ref} no more").format(ref=made.about)))
