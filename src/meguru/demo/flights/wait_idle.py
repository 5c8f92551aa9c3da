"""Wait until everything that happened has had its consequences."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import msgspec

from meguru.artifacts.log import wait_event
from meguru.errors import Busy, TimedOut
from meguru.features.materialization.operations import list_materializations
from meguru.features.materialization.types import FINAL, MaterializationState
from meguru.kernel.remote import RemoteWorkspace
from meguru.monitoring.operations import show as show_monitor
from meguru.triggers.operations import settled

PATIENCE = 300.0
LOOK_AGAIN = 0.1
_POLL = 0.02


def until_quiet(ws: RemoteWorkspace) -> None:
    """Block until every event was decided on and no job waits or runs.

    Raises
    ------
    TimedOut
        If nothing at all happens for a long while.
    """
    head, since = -1, time.monotonic()
    while not (state := settled(ws)).settled:
        if state.head != head:
            head, since = state.head, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise TimedOut(
                f"{state.open_jobs} jobs are open and nothing happened for {PATIENCE:.0f} s",
                hint="see what they do: meguru runs list",
            )
        # A job may end some moments after its last event, and this is no event.
        wait_event(ws, after=state.head, timeout=LOOK_AGAIN)


def until_seen(ws: RemoteWorkspace, monitor: str, start: datetime) -> None:
    """Block until a monitor has looked at the window that begins at a moment; nobody tells it to.

    Raises
    ------
    TimedOut
        If it does not, with what it waits for.
    """
    end = time.monotonic() + PATIENCE
    while True:
        head = settled(ws).head
        history = show_monitor(ws, name=monitor, limit=100)
        if any(report.start == start for report in history.reports):
            return
        if time.monotonic() > end:
            waits = history.windows.waits_for if history.windows else []
            raise TimedOut(
                f"monitor {monitor!r} did not look at {start:%B}",
                why="; ".join(waits),
                hint=f"meguru monitor show {monitor}",
            )
        wait_event(ws, after=head, timeout=1.0)


def until_online(ws: RemoteWorkspace, view: str, version: str) -> None:
    """Block until what is online of a view follows from a version of its source.

    Raises
    ------
    Busy
        If it could not be brought online, with the reason.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        head = settled(ws).head
        for work in list_materializations(ws, view=view, limit=1).items:
            if all(pinned.ref == version for pinned in work.datasets.values()):
                if work.state is MaterializationState.SUCCEEDED:
                    return
                if work.state in FINAL:
                    raise Busy(f"{work.view} was not brought online", why=work.reason)
        wait_event(ws, after=head, timeout=1.0)
    raise TimedOut(f"{version} was not brought online within {PATIENCE:.0f} s")


def until_current(ws: RemoteWorkspace, endpoint: str) -> None:
    """Block until the server answers with what was promoted last.

    Raises
    ------
    Busy
        If it can't, with the reason.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        status: dict[str, Any] = msgspec.json.decode(ws.send("GET", f"/endpoints/{endpoint}").content)
        if status["current"]:
            return
        if fault := status.get("fault"):
            raise Busy(f"endpoint {endpoint!r} can't load its model", why=fault.get("what", ""))
        time.sleep(_POLL)
    raise TimedOut(f"endpoint {endpoint!r} did not take its new model over")
