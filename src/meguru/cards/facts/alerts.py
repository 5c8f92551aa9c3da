"""What may happen at an endpoint, what it means, which command to begin with, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from meguru.alerts.notifications import store as routes
from meguru.alerts.schema import alert
from meguru.alerts.types import AlertState
from meguru.base import refs
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardAlert
from meguru.errors import masked
from meguru.kernel.kinds import event_types
from meguru.monitoring import store as monitors
from meguru.serving.types import Endpoint

COMMANDS = {
    "endpoint.failed": "meguru release rollback {endpoint}",
    "release.refused": "meguru release show {endpoint}@latest",
    "release.undecided": "meguru release check {endpoint}@latest",
    "release.awaits_person": "meguru release promote {endpoint}@latest",
    "monitor.alerted": "meguru monitor report {monitor}",
}
"""By what may happen; of other things of an endpoint or its monitors one asks why."""
_WHY = "meguru why endpoint/{endpoint}"
EVERY = "*"


def alerts_of(reader: RecordReader, endpoint: Endpoint) -> list[CardAlert]:
    """Return what needs a person at an endpoint, as the kinds of its parts declare it."""
    watching = [monitor.name for monitor in monitors.all_monitors(reader.tx, endpoint.name)]
    about = [refs.make("endpoint", endpoint.name), *(refs.make("monitor", each) for each in watching)]
    seen = _seen(reader, about) if reader.may("alert", about[0]) else {}
    return list(_alerts(endpoint.name, watching, seen))


def _alerts(
    endpoint: str, watching: list[str], seen: dict[str, tuple[int, datetime | None]]
) -> Iterator[CardAlert]:
    names = {"endpoint": endpoint, "monitor": watching[0] if watching else "NAME"}
    for name, declared in event_types().items():
        noun = name.partition(".")[0]
        if declared.attention is None or noun not in {"endpoint", "release", "monitor"}:
            continue
        if noun == "monitor" and not watching:
            continue
        count, last = seen.get(name, (0, None))
        yield CardAlert(
            name=name,
            meaning=declared.attention.meaning or declared.sentence,
            command=COMMANDS.get(name, _WHY).format(**names),
            open=count,
            last_at=last,
        )


def _seen(reader: RecordReader, about: list[str]) -> dict[str, tuple[int, datetime | None]]:
    """Return by cause how many alerts of some things are not over, and when the last came."""
    columns = alert.c
    mine = columns.about.in_(about)
    query = select(columns.cause, columns.state, func.count(), func.max(columns.last_at)).where(mine)
    found: dict[str, tuple[int, datetime | None]] = {}
    for cause, state, count, last in reader.tx.execute(query.group_by(columns.cause, columns.state)):
        before, at = found.get(cause, (0, None))
        still = 0 if state == AlertState.RESOLVED.value else count
        found[cause] = (before + still, max(filter(None, (at, last)), default=None))
    return found


def told_of(reader: RecordReader, endpoint: str) -> list[str]:
    """Return the receivers of notifications that tell of alerts of an endpoint's project."""
    project = refs.project_of(endpoint)
    found = []
    for route in routes.all_routes(reader.tx, reader.projects("notification:read")):
        told = route.projects or [refs.project_of(route.name) or refs.DEFAULT]
        if route.alerts and (EVERY in told or (project or refs.DEFAULT) in told):
            found += [f"{masked(each)} ({route.ref})" for each in route.to]
    return found
