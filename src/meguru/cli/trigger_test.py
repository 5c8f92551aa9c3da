"""`meguru trigger test`: what would fire, and what would hold it back."""

from __future__ import annotations

from datetime import datetime

import click

from meguru.cli.arguments import TRIGGER
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_moment, with_session


@verb
@click.argument("name", type=TRIGGER)
@click.option("--event", default="", help="With this event, as the trigger stands now.")
@click.option("--at", "at", metavar="TIME", help="At this moment, as the trigger stands now.")
@click.option(
    "--since", metavar="TIME", help="With all that happened since; 30d is thirty days ago. [default: 7d]"
)
@click.option("--takes", default="0", help="How long what it starts would work: 20m.")
@click.option("--limit", default=30, show_default=True, help="How many are shown, newest first.")
@with_session
def test(
    session: Session, name: str, *, event: str, at: str | None, since: str | None, takes: str, limit: int
) -> None:
    """Say what trigger NAME would do, and what would hold it back; nothing is started or written."""
    from meguru.app.calls import trigger_test as ask
    from meguru.base.durations import seconds

    found = ask(
        session.open(),
        name=name,
        event=event,
        at=read_moment(at) if at else None,
        since=_since(since) if since else None,
        takes=(seconds(takes, field="takes") or 0.0) if takes != "0" else 0.0,
        limit=limit,
    )
    if not found.enabled:
        session.note(f"trigger/{name} is paused: nothing fires now")
    rows = [
        (firing.at, firing.state, firing.fires_at or "", firing.subject or firing.key, firing.reason)
        for firing in found.firings
    ]
    told = ", ".join(f"{count} {state}" for state, count in sorted(found.counts.items()))
    session.note(f"{found.looked_at} looked at since {found.since:%Y-%m-%d %H:%M}: {told or 'none matches'}")
    session.table(found, ("came", "would be", "fires", "what", "reason"), rows, empty="nothing would fire")


def _since(text: str) -> datetime:
    """Read a moment, or a length of time before now."""
    from datetime import UTC, timedelta

    from meguru.base.durations import seconds
    from meguru.errors import InvalidInput

    try:
        return datetime.now(UTC) - timedelta(seconds=seconds(text, field="since") or 0)
    except InvalidInput:
        return read_moment(text)
