"""`meguru events`."""

from __future__ import annotations

import click

from meguru.cli.arguments import REF
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.option("--type", "kind", default="", help="Only events of this type.")
@click.option("--subject", type=REF, default="", help="Only events about this reference.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def command(session: Session, kind: str, subject: str, limit: int) -> None:
    """Show the newest events of the log."""
    from meguru.app.calls import event_list as list_events
    from meguru.app.kinds import all_kinds
    from meguru.artifacts.describe import says

    page = list_events(session.open(), type=kind, subject=subject, limit=limit, newest_first=True)
    all_kinds()  # each kind's events bring their sentences
    rows = [(event.seq, event.at, event.type, event.actor, says(event)) for event in page.items]
    session.table(page, ("seq", "at", "type", "by", "what"), rows, begin="meguru run FILE.py:PIPELINE")
