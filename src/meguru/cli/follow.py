"""`meguru follow`."""

from __future__ import annotations

import click

from meguru.base.text import gettext as _
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("ref", metavar="[REF]", default="")
@with_session
def command(session: Session, ref: str) -> None:
    """Be told in your inbox of what happens to REF and what people say of it; or list what you follow."""
    from meguru.app.calls import subscription_follow as ask
    from meguru.app.calls import subscription_list as list_

    if not ref:
        found = list_(session.open())
        rows = [(each.about, each.created_at) for each in found]
        session.table(found, ("thing", "since"), rows, begin="meguru follow model/NAME")
        return
    made = ask(session.open(), ref=ref)
    session.show(made, lambda: click.echo(_("you follow {ref}").format(ref=made.about)))
