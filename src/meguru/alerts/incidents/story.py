"""The story of an incident, read from the event log: why, what was done, and how long it all took."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from meguru.alerts.incidents.types import Incident, IncidentFigures
from meguru.alerts.types import Alert
from meguru.artifacts.describe import says
from meguru.artifacts.sight import Sight
from meguru.artifacts.types import Cause
from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.event import Event
from meguru.kernel.events.read import from_row
from meguru.kernel.events.schema import event as event_table

MAX_CAUSES, MAX_DEEDS, MAX_EVENTS = 50, 100, 1000
_IDS_PER_QUERY = 500
NOTIFYING_EVENTS = ("alert.", "incident.", "notification.", "webhook.", "access.")
"""What tells people is not what was done about it."""
DEEDS = ("release.", "endpoint.", "pipeline_run.", "trigger.fired", "model_version.", "model_alias.")
"""By what is done about a thing that is named nowhere in its causes: by hand."""


def causes_of(tx: Connection, alert: Alert, sight: Sight) -> list[Event]:
    """Return the events that led to an alert, the first cause first, as far as they may be seen."""
    chain: list[Event] = []
    item = _find(tx, alert.event)
    while item is not None and sight.knows(item) and len(chain) < MAX_CAUSES:
        chain.append(item)
        item = _find(tx, item.cause) if item.cause else None
    return chain[::-1]


def done_about(tx: Connection, alert: Alert, until: datetime | None, sight: Sight) -> list[Event]:
    """Return what was done about an alert: what its events caused, and what was done by hand meanwhile."""
    found = {each.id: each for each in _consequences(tx, {alert.event, alert.last_event})}
    found |= {each.id: each for each in _by_hand(tx, alert, until)}
    seen = [
        each for each in found.values() if sight.knows(each) and not each.type.startswith(NOTIFYING_EVENTS)
    ]
    return sorted(seen, key=lambda each: each.seq)[:MAX_DEEDS]


def figures_of(tx: Connection, incident: Incident, alert: Alert, done: Iterable[Event]) -> IncidentFigures:
    """Return how long it took to notice, to act and to restore."""
    first = _find(tx, alert.event)
    began = _began(first, alert)
    alert_events = ("alert.opened", "alert.reopened", "alert.acknowledged", "alert.resolved")
    of_alert = events.read(tx, subject=alert.ref, types=alert_events, limit=1000)
    noticed = next((each.at for each in of_alert if each.type == "alert.opened"), alert.opened_at)
    looked_after = [each.at for each in of_alert if each.type == "alert.acknowledged"]
    acted = min([*looked_after, *(each.at for each in done if each.at >= began)], default=None)
    ends = [each.at for each in of_alert if each.type == "alert.resolved"]
    restored = (ends[-1] if ends else incident.closed_at) if not alert.is_open else None
    return IncidentFigures(
        began_at=began,
        noticed_at=noticed,
        acted_at=acted,
        restored_at=restored,
        to_notice=_between(began, noticed) or 0.0,
        to_act=_between(began, acted),
        to_restore=_between(began, restored),
    )


def as_causes(found: Iterable[Event]) -> list[Cause]:
    """Return events as links of a chain, each with a sentence."""
    return [
        Cause(
            seq=item.seq,
            event=item.id,
            type=item.type,
            at=item.at,
            actor=item.actor,
            subject=item.subject,
            says=says(item),
            data=item.data,
        )
        for item in found
    ]


def _consequences(tx: Connection, first: set[str]) -> list[Event]:
    found: list[Event] = []
    # Breadth first, one query for each generation of consequences.
    wave = set(first)
    while wave and len(found) < MAX_EVENTS:
        query = select(event_table).where(event_table.c.cause.in_(sorted(wave)))
        rows = tx.execute(query.order_by(event_table.c.seq).limit(MAX_EVENTS))
        new = [each for each in map(from_row, rows) if each.id not in first]
        found += new
        wave = {each.id for each in new} - wave
    return found


def _by_hand(tx: Connection, alert: Alert, until: datetime | None) -> list[Event]:
    endpoint = alert.evidence.get("endpoint")
    served = [str(refs.parse(endpoint, kind="endpoint"))] if endpoint else []  # its name, or its reference
    named = {alert.about, alert.subject, *served}
    start = _find(tx, alert.event)
    found: list[Event] = []
    for subject in sorted(named):
        found += events.read(tx, after=start.seq if start else 0, subject=subject, limit=MAX_EVENTS)
    # What was done with a thing is caused by the deed itself, such as a release that is of no such name.
    causes = _some(tx, {each.cause for each in found if each.cause})
    deeds = [each for each in [*found, *causes] if each.type.startswith(DEEDS)]
    return [
        each
        for each in deeds
        if each.id not in {alert.event, alert.last_event}
        and each.at >= alert.opened_at
        and (until is None or each.at <= until)
    ]


def _began(first: Event | None, alert: Alert) -> datetime:
    if first is None:
        return alert.opened_at
    start = first.data.get("start")
    if isinstance(start, str):
        try:
            found = datetime.fromisoformat(start)
        except ValueError:
            return first.at
        if found.tzinfo is not None and found <= first.at:
            return found
    return first.at


def _between(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else max(0.0, round((end - start).total_seconds(), 3))


def _some(tx: Connection, ids: Collection[str]) -> list[Event]:
    """Return some events by their ids, by one statement for many of them."""
    ordered, found = sorted(ids), []
    for first in range(0, len(ordered), _IDS_PER_QUERY):
        some = event_table.c.id.in_(ordered[first : first + _IDS_PER_QUERY])
        found += [from_row(row) for row in tx.execute(select(event_table).where(some))]
    return found


def _find(tx: Connection, event_id: str | None) -> Event | None:
    try:
        return events.get(tx, event_id) if event_id else None
    except NotFound:
        return None
