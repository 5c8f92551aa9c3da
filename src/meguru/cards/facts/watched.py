"""Who watches: monitors, what they said last, and when they rang."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from meguru.base import refs
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardMonitor
from meguru.kernel.events.schema import event
from meguru.monitoring import store
from meguru.monitoring.types import Monitor


def monitors_of(
    reader: RecordReader, endpoints: Sequence[str] = (), *, dataset: str = ""
) -> list[CardMonitor]:
    """Return the monitors of some endpoints, or of a dataset, with what they said last."""
    monitors = store.all_monitors(reader.tx, *endpoints, projects=reader.projects("monitor:read"))
    mine = [each for each in monitors if each.dataset == dataset] if dataset else monitors
    newest = store.newest_reports(reader.tx, [each.name for each in mine], 1)
    rang = _rang(reader, [each.ref for each in mine])
    found = []
    for monitor in mine:
        report = next(iter(newest.get(monitor.name, [])), None)
        found.append(
            CardMonitor(
                ref=monitor.ref,
                watches=monitor.target,
                checks=_checks(monitor),
                verdict=report.verdict.value if report else "",
                reason=next(iter(report.reasons), "") if report else "",
                at=report.at if report else None,
                rang_at=rang.get(monitor.ref),
            )
        )
    return found


def _checks(monitor: Monitor) -> list[str]:
    return [str(check.get("check", "")) for check in monitor.checks]


def _rang(reader: RecordReader, monitors: Sequence[str]) -> dict[str, datetime]:
    """Return when each monitor last came to an alert."""
    if not monitors:
        return {}
    mine = event.c.subject.in_(monitors) & (event.c.type == "monitor.alerted")
    query = select(event.c.subject, func.max(event.c.at)).where(mine).group_by(event.c.subject)
    return {refs.make(*refs.parse(row[0])[:2]): row[1] for row in reader.tx.execute(query)}
