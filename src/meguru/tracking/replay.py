"""Replay the spools of runs whose processes died, or ended while their server was away."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from meguru.errors import Busy, MeguruError, TimedOut
from meguru.tracking.heartbeat_sender import is_refusal
from meguru.tracking.sender import Sender, TrackingDoor
from meguru.tracking.spool import RunSpool, abandoned

log = logging.getLogger(__name__)


class ReplayedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one abandoned run: ``sent``, ``waiting`` (it can be tried again) or ``refused``."""

    run: str
    state: str
    why: str = ""
    folder: str = ""


def send_abandoned(
    door: TrackingDoor, root: Path, *, place: str = "", retry_refused: bool = False
) -> list[ReplayedRun]:
    """Send the runs of one place whose processes died or could not reach their server.

    Parameters
    ----------
    door
        The workspace that they go to.
    root
        The folder of the spools.
    place
        What the workspace is called in the spools; empty for any.
    retry_refused
        Whether those that the server would not have are tried too.
    """
    found = []
    for spool in abandoned(root):
        if place and spool.start.place != place:
            spool.close()
            continue
        sent, is_away = _send(door, spool, retry_refused=retry_refused)
        found.append(sent)
        if is_away:
            break  # for the others too
    return found


def _send(door: TrackingDoor, spool: RunSpool, *, retry_refused: bool) -> tuple[ReplayedRun, bool]:
    """Send a spool; return what became of it, and whether the server does not answer at all."""
    run, folder = str(spool.start.arguments.get("id", "")), str(spool.folder)
    if (why := spool.refusal) and not retry_refused:
        spool.close()
        return ReplayedRun(run=run, state="refused", why=why, folder=folder), False
    sender = Sender(door, spool)
    try:
        sender.send()
        sender.end()
    except (MeguruError, OSError, ValueError, TypeError) as error:
        refused = is_refusal(error) or not isinstance(error, MeguruError | OSError)
        if refused:
            spool.refuse(str(error))
        spool.close()
        log.warning("the run %s that was left behind can't be sent: %s", run, error)
        state = "refused" if refused else "waiting"
        is_away = isinstance(error, Busy | TimedOut | OSError)
        return ReplayedRun(run=run, state=state, why=str(error), folder=folder), is_away
    spool.remove()
    return ReplayedRun(run=run, state="sent"), False
