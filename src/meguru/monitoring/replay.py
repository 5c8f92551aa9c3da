"""Backtest: replay a monitor over past windows, to see how often it would have alerted by other rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.monitoring import spec as specs
from meguru.monitoring import store
from meguru.monitoring.cells.history import with_column_counts
from meguru.monitoring.dataset_window import compare_dataset_window, read_dataset_window
from meguru.monitoring.deciding.history import past_windows, relevant_to, reports_before
from meguru.monitoring.deciding.judge import Judgement, judge
from meguru.monitoring.external_inputs import ExternalInputs
from meguru.monitoring.kind import MonitorSpec
from meguru.monitoring.reference_rows import reference_rows, wants_reference
from meguru.monitoring.replay_report import MonitorReplay, ReplayedWindow
from meguru.monitoring.schedule.calendar_windows import TimeSpan, following
from meguru.monitoring.schedule.plan import EARLIEST
from meguru.monitoring.types import CauseState, Monitor, Report, ReportVerdict
from meguru.monitoring.window import MonitoredWindow, PastWindow
from meguru.monitoring.window_reader import read_window
from meguru.predictions import counts, spans
from meguru.storage.blobs import BlobStore

FIXED = ("endpoint", "dataset", "reference")
"""What is watched is not replayed otherwise: that is another monitor."""
PARTS = ("persist", "recover", "complete")
"""Of these, what is not said stays as it is."""


@operation("monitor.replay", permission="monitor:run", query=True, on="name")
def replay(
    ctx: Context,
    *,
    name: str,
    changes: dict[str, Any] = {},  # noqa: B006 (never changed)
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 100,
) -> MonitorReplay:
    """Judge the windows that were again, as the monitor is or with changed fields; nothing is stored.

    The newest `limit` windows are replayed, the oldest first, each with what rang in those before it: those
    of the calendar, if the monitor has such windows, else those of which there are reports. `changes` are
    fields of its spec, as in ``{"persist": {"windows": 1, "of": 1}}``; every check looks at the rows again,
    so that any rule can be tried before it is saved.
    """
    monitor = store.one(ctx.tx, refs.parse(name, kind="monitor").name)
    tried = _changed(ctx, monitor, changes) if changes else monitor
    wanted = _spans(ctx, tried, start, end)[-check_limit(limit) :]
    reports = {(report.start, report.end): report for report in _reports(ctx.tx, monitor, wanted)}
    windows: list[ReplayedWindow] = []
    past: list[PastWindow] = []
    for span in wanted:
        window = _window(ctx.tx, ctx.blobs, tried, span, past)
        judgement = judge(tried, window)
        past.append(_as_past(window, span, judgement))
        before = reports.get((span.start, span.end))
        windows.append(_told(window, span, judgement, windows, before.verdict.value if before else ""))
    return MonitorReplay(
        monitor=monitor.name,
        changes=changes,
        windows=windows,
        rang=sum(replayed_window.verdict is ReportVerdict.ALERT for replayed_window in windows),
        alerts=sum(replayed_window.began for replayed_window in windows),
        rang_then=sum(replayed_window.then == ReportVerdict.ALERT for replayed_window in windows),
    )


def _changed(ctx: Context, known: Monitor, changes: dict[str, Any]) -> Monitor:
    for field in FIXED:
        if field in changes:
            what = "what a monitor watches is not replayed otherwise"
            raise InvalidInput(what, field=f"changes.{field}", hint="create another monitor of it")
    plain = msgspec.to_builtins(specs.find(ctx.tx, known.name))
    for field, value in changes.items():
        parts = plain.get(field) if field in PARTS and isinstance(value, dict) else None
        plain[field] = parts | value if isinstance(parts, dict) else value
    try:
        spec = msgspec.convert(plain, MonitorSpec)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "monitor.replay", MonitorSpec) from None
    checked = specs.check(ctx, known.name, spec)
    fields = {each: getattr(checked, each) for each in MonitorSpec.__struct_fields__ if each not in FIXED}
    return msgspec.structs.replace(known, **fields)


def _spans(ctx: Context, monitor: Monitor, start: datetime | None, end: datetime | None) -> list[TimeSpan]:
    now = ctx.now()
    first, last = start or datetime.min.replace(tzinfo=now.tzinfo), end or now
    rule = monitor.window
    if rule is not None and rule.calendar and not monitor.dataset:
        arrived = counts.arrivals(ctx.tx, monitor.endpoint).get(monitor.endpoint)
        began = spans.first_time(ctx.tx, monitor.endpoint)
        if arrived is None or began is None:
            return []
        until = min(last, arrived.last_time or now, now)
        rows = following(rule, max(began, first, EARLIEST))  # the first one begins before its first row
        time_spans: Iterable[TimeSpan] = takewhile(lambda each: each.start <= until, rows)
    else:
        reported = store.spans_before(ctx.tx, monitor.name, last, 10_000)
        time_spans = sorted(TimeSpan(span.start, span.end) for span in reported)
    return [span for span in time_spans if span.start >= first and span.end <= last]


def _reports(tx: Connection, monitor: Monitor, wanted: Sequence[TimeSpan]) -> list[Report]:
    if not wanted:
        return []
    mine = {(span.start, span.end) for span in wanted}
    spans_there = store.spans_before(tx, monitor.name, max(span.end for span in wanted), 10_000)
    ids = [span.id for span in spans_there if (span.start, span.end) in mine]
    return store.reports_by_id(tx, ids)


def _window(
    tx: Connection, blobs: BlobStore, monitor: Monitor, span: TimeSpan, past: Sequence[PastWindow]
) -> MonitoredWindow:
    first = past[0].start if past else span.start
    # What was before the replay is known by its counts alone: what rang then did so by other rules.
    earlier = past_windows([report for report in reports_before(tx, monitor, *span) if report.end <= first])
    there = [replace(past_window, causes=(), findings=(), trend=None) for past_window in earlier]
    bearing = relevant_to(monitor, [*there, *past], *span)
    if monitor.dataset:
        dataset_window = read_dataset_window(tx, blobs, monitor, span.start, span.end)
        return compare_dataset_window(blobs, dataset_window, monitor, span, bearing if monitor.window else ())
    seen = read_window(tx, blobs, monitor, span.start, span.end)
    window = seen.compared()
    counted = with_column_counts(tx, monitor.endpoint, seen.rules, window.model, bearing)
    outside = ExternalInputs.of(tx, monitor, span.start, span.end)
    window = outside.add_to(tx, blobs, replace(window, past=counted), span.start, span.end)
    if wants_reference(monitor):
        window = replace(window, reference=reference_rows(tx, blobs, window))
    return window


def _as_past(window: MonitoredWindow, span: TimeSpan, said: Judgement) -> PastWindow:
    return PastWindow(
        start=span.start,
        end=span.end,
        model=window.model,
        rows=window.rows,
        verdict=said.verdict,
        findings=tuple(said.findings),
        performance=window.performance,
        causes=tuple(said.causes),
        trend=said.trend,
    )


def _told(
    window: MonitoredWindow, span: TimeSpan, said: Judgement, before: Sequence[ReplayedWindow], then: str
) -> ReplayedWindow:
    rings = said.verdict is ReportVerdict.ALERT
    ringing = [cause for cause in said.causes if cause.state is CauseState.RINGING]
    rang = bool(before) and before[-1].verdict is ReportVerdict.ALERT
    return ReplayedWindow(
        start=span.start,
        end=span.end,
        rows=window.rows,
        model=window.model,
        verdict=said.verdict,
        began=rings and not rang,
        causes=[f"{cause.severity.value} {cause.what}" for cause in ringing],
        reasons=said.reasons,
        then=then,
    )
