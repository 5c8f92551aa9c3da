"""`meguru audit`."""

from __future__ import annotations

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Prove that the record of what happened is whole."""


@command.command()
@with_session
def verify(session: Session) -> None:
    """Check the event log's whole hash chain; name the first entry that was tampered with."""
    from meguru.artifacts.log import verify as check
    from meguru.errors import TamperedLog

    verdict = check(session.open())
    if not verdict.intact:
        raise TamperedLog(
            f"event {verdict.seq} was tampered with",
            where=verdict.event or f"seq {verdict.seq}",
            why=verdict.why,
            hint="compare with a backup; the entries before it are intact",
        )
    session.show(verdict, lambda: click.echo(f"intact: {verdict.checked:,} events, head {verdict.head}"))
