"""Send what processes left behind that could not send it themselves."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from meguru.errors import MeguruError
from meguru.tracking.heartbeat_sender import is_refusal
from meguru.tracking.sender import Sender, TrackingDoor
from meguru.tracking.spool import RunSpool, abandoned

log = logging.getLogger(__name__)


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run that was left behind: ``sent``, ``waiting`` or ``refused``."""

    run: str
    state: str
    why: str = ""
    folder: str = ""


def send_left(place_of_runs: TrackingDoor, root: Path, *, place: str = "", again: bool = False) -> list[Left]:
    """Send the runs of one place that no living process holds; what was refused is tried only `again`."""
    found = []
    for spool in abandoned(root):
        if place and spool.start.place != place:
            spool.close()
            continue
        found.append(_send(place_of_runs, spool, again=again))
        if found[-1].state == "waiting":
            break  # the server is away for the others too
    return found


def _send(place: TrackingDoor, spool: RunSpool, *, again: bool) -> Left:
    run, folder = str(spool.start.arguments.get("id", "")), str(spool.folder)
    if (why := spool.refusal) and not again:
        spool.close()
        return Left(run=run, state="refused", why=why, folder=folder)
    sender = Sender(place, spool)
    try:
        sender.send()
        sender.end()
    except (MeguruError, OSError, ValueError, TypeError) as error:
        refused = is_refusal(error) or not isinstance(error, MeguruError | OSError)
        if refused:
            spool.refuse(str(error))
        spool.close()
        log.warning("the run %s that was left behind can't be sent: %s", run, error)
        return Left(run=run, state="refused" if refused else "waiting", why=str(error), folder=folder)
    spool.remove()
    return Left(run=run, state="sent")
