"""Wait until what an apply set off has come to its end, and tell of it."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from datetime import datetime

    from meguru.app.status.types import NeedLine
    from meguru.cli.session import Session

LOOK_SECONDS = 1.0


def settle(session: Session, ws: Any, since: datetime | None, *, timeout: float) -> list[NeedLine]:
    """Wait until every event was decided on and no job waits or runs; return what failed since then.

    Where no server works on the workspace, this process does meanwhile.

    Raises
    ------
    TimedOut
        After `timeout` seconds; what runs goes on where a server does it, else with the next one.
    """
    from meguru.app.calls import status_show, trigger_settled
    from meguru.errors import TimedOut

    end, seen = time.monotonic() + timeout, newest(ws)
    is_served = _is_served(ws)
    with nullcontext() if is_served else _at_work(ws):
        while True:
            state = trigger_settled(ws, timeout=LOOK_SECONDS)
            seen = _tell(session, ws, seen)
            if state.settled:
                break
            if time.monotonic() > end:
                raise TimedOut(
                    _("what was applied is still at work after {seconds:.0f} s").format(seconds=timeout),
                    why=f"{state.open_jobs} jobs are open",
                    hint="meguru up, then meguru status",
                )
    failed = status_show(ws).failed
    # Without a server nothing answers: that is no failure of what was applied.
    counts = [each for each in failed if is_served or each.state != "down"]
    return [count for count in counts if count.since is None or since is None or count.since >= since]


def _is_served(ws: Any) -> bool:
    from meguru.kernel.server_record import find_server

    return getattr(ws, "is_remote", False) or find_server(ws.root) is not None


def _at_work(ws: Any) -> AbstractContextManager[object]:
    from meguru.app.background import AtWork

    return AtWork(ws)


def newest(ws: Any) -> int:
    """Return the number of the newest event."""
    from meguru.app.calls import event_list

    found = event_list(ws, newest_first=True, limit=1).items
    return found[0].seq if found else 0


def _tell(session: Session, ws: Any, seen: int) -> int:
    """Print what happened since an event; return the number of the newest one."""
    from meguru.app.calls import event_list
    from meguru.kernel.kinds import event_types

    found = event_list(ws, after=seen, limit=1000).items
    for event in found:
        declared = event_types().get(event.type)
        if declared and (declared.explains or declared.needs_person) and not session.as_json:
            click.echo(f"  {_(declared.label)}: {event.subject}", err=True)
    return found[-1].seq if found else seen
