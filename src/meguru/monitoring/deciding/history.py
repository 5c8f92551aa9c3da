"""Earlier windows that a decision depends on, as their newest reports have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from meguru.monitoring import store
from meguru.monitoring.deciding.rules import MAX_WINDOWS
from meguru.monitoring.deciding.seasons import TRAILING, moments_of
from meguru.monitoring.types import Monitor, Report
from meguru.monitoring.window import PastWindow

_MAX_SPANS = 10 * MAX_WINDOWS
"""So many windows back those of about the same length are looked for."""


def reports_before(tx: Connection, monitor: Monitor, start: datetime, end: datetime) -> list[Report]:
    """Return the newest report of each earlier window that bears on ``[start, end)``, the oldest first.

    Those are the windows just before, and those of the seasons of which the monitor wants to know; only those
    about as long count, but of windows of so many rows.
    """
    spans = store.spans_before(tx, monitor.name, start, _MAX_SPANS)
    # Reports of `monitor run` by hand are of any length; a month is no baseline for a day. Windows of so many
    # rows are of no length in time, and all count.
    if monitor.window is None or monitor.window.rows is None:
        spans = [span for span in spans if 0.5 < (span.end - span.start) / (end - start) < 2]
    newest = spans[: _trailing(monitor)]
    moments = [moment for season in monitor.seasons for moment in moments_of(season, start, end)]
    seasonal = [span for span in store.spans_at(tx, monitor.name, moments) if span.end <= start]
    wanted = dict.fromkeys(each.id for each in [*newest, *seasonal])
    return sorted(store.reports_by_id(tx, list(wanted)), key=lambda each: (each.start, each.end))


def relevant_to(
    monitor: Monitor, past: Sequence[PastWindow], start: datetime, end: datetime
) -> tuple[PastWindow, ...]:
    """Return those of some earlier windows, the oldest first, that bear on ``[start, end)``."""
    moments = [moment for season in monitor.seasons for moment in moments_of(season, start, end)]
    earlier = [window for window in past if window.end <= start]
    newest = earlier[-_trailing(monitor) :]
    older = earlier[: len(earlier) - len(newest)]
    seasonal = [window for window in older if any(window.start <= moment < window.end for moment in moments)]
    return (*seasonal, *newest)


def _trailing(monitor: Monitor) -> int:
    return max(TRAILING, monitor.persist.of, monitor.recover.windows)


def past_windows(reports: Sequence[Report]) -> tuple[PastWindow, ...]:
    """Return reports as the windows that checks and decisions look back at; nobody counted their columns."""
    return tuple(
        PastWindow(
            start=report.start,
            end=report.end,
            model=report.model,
            rows=report.rows,
            verdict=report.verdict,
            findings=tuple(report.findings),
            performance=tuple(report.performance),
            causes=tuple(report.causes),
            trend=report.trend,
        )
        for report in reports
    )
