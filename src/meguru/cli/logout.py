"""`meguru logout`."""

from __future__ import annotations

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _


@verb
@with_session
def command(session: Session) -> None:
    """Forget the token that `meguru login` was given, and end it on the server."""
    from meguru.base.credentials import find, save, server_of
    from meguru.cli.login import server_in
    from meguru.errors import Busy
    from meguru.kernel.token_endpoint import post

    server = server_of(server_in(session))
    known = find(server)
    if known is not None:
        try:
            post(f"{server}/v1/token/end", {"token": known.token})
        except Busy as error:
            why = "the token is forgotten here; there it holds until it ends or is revoked"
            raise Busy(error.what, where=server, why=why, hint="meguru token revoke ID") from error
        finally:
            save(server, None)  # whoever signs out leaves this machine, also while the server is away
    said = _("signed out of {server}") if known else _("not signed in to {server}")
    session.show(
        {"server": server, "ended": known is not None}, lambda: click.echo(said.format(server=server))
    )
