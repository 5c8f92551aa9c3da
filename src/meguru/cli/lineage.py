"""`meguru lineage`."""

from __future__ import annotations

import click

from meguru.cli.arguments import REF
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("ref", type=REF)
@click.option(
    "--direction",
    default="both",
    type=click.Choice(["up", "down", "both"]),
    show_default=True,
    help="What it was made from (up), what was made from it (down), or both.",
)
@with_session
def command(session: Session, ref: str, direction: str) -> None:
    """Show what REF was made from (up) and what was made from it (down).

    What is `claimed` was said by a client; all else was written by the operation that made the thing.
    """
    from meguru.app.calls import lineage_show as show

    found = show(session.open(), ref=ref, direction=direction)
    rows = [(e.source, "->", e.target, e.event_seq, "claimed" if e.claimed else "") for e in found.edges]
    session.table(
        found,
        ("used", "", "made", "event", "proof"),
        rows,
        empty="nothing was made from it, and it from nothing",
    )
