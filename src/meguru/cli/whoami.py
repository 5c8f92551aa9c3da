"""`meguru whoami`."""

from __future__ import annotations

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@with_session
def command(session: Session) -> None:
    """Tell who you are here, and what you may do in each project."""
    from meguru.app.calls import principal_whoami
    from meguru.cli.tables import print_table

    me = principal_whoami(session.open())

    def human() -> None:
        click.echo(f"{me.name} ({me.kind})")
        if me.groups:
            click.echo(f"groups: {', '.join(me.groups)}")
        if me.scope:
            click.echo(f"this token allows at most: {' '.join(me.scope)}")
        rows = [[right.project, ", ".join(right.roles), " ".join(right.permissions)] for right in me.rights]
        print_table(("project", "by", "permissions"), rows, empty="no rights yet")

    session.show(me, human)
