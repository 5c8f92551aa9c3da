"""`meguru version`."""

from __future__ import annotations

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@with_session
def command(session: Session) -> None:
    """Print the version of Meguru."""
    from importlib.metadata import version

    found = version("meguru")
    session.show({"version": found}, lambda: click.echo(found))
