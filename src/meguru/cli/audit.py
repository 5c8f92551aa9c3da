"""`meguru audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.kernel.event import ChainVerdict


@group
def command() -> None:
    """Prove that the record of what happened is whole."""


@command.command()
@click.option("--expect", metavar="HEAD", default="", help="A head that was written down earlier.")
@with_session
def verify(session: Session, *, expect: str) -> None:
    """Check the event log's whole hash chain; name the first entry that was tampered with.

    Whoever writes the whole log anew can give it a chain that holds: that is found with --expect HEAD, which
    must be in the chain. The files that the database refers to are checked by `meguru doctor --deep`.
    """
    from meguru.app.calls import audit_verify as check
    from meguru.errors import TamperedLog

    verdict = check(session.open(), expect=expect)
    if not verdict.intact:
        raise TamperedLog(
            f"event {verdict.seq} was tampered with"
            if verdict.seq
            else "the event log is not the one expected",
            where=verdict.event or (f"seq {verdict.seq}" if verdict.seq else f"head {verdict.head}"),
            why=verdict.why,
            hint="compare with a backup"
            + ("; the entries before it are intact" if verdict.seq else " of the time of that head"),
        )
    session.show(verdict, lambda: _tell(verdict))


def _tell(verdict: ChainVerdict) -> None:
    click.echo(f"intact: {verdict.checked:,} events, head {verdict.head}")
    for step in verdict.steps:
        click.echo(f"the clock went back: event {step.seq} tells {step.at}, after {step.after}")
    if more := verdict.steps_back - len(verdict.steps):
        click.echo(f"… and {more:,} more that tell an earlier time than one before them")
    if verdict.unguarded:
        click.echo(f"the database no longer refuses changes: {', '.join(verdict.unguarded)} are gone")
