"""Evaluate a window."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.business.measure import record_values as keep_values
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import system
from meguru.monitoring import store
from meguru.monitoring.cells import summing
from meguru.monitoring.cells.count import recount as count_anew
from meguru.monitoring.cells.history import with_column_counts
from meguru.monitoring.cells.rules import CountingRules, counted_by
from meguru.monitoring.dataset_window import compare_dataset_window, read_dataset_window
from meguru.monitoring.deciding.history import past_windows, reports_before
from meguru.monitoring.deciding.judge import judge
from meguru.monitoring.evidence.gather import gather_evidence
from meguru.monitoring.evidence.series import JudgedSpan
from meguru.monitoring.external_inputs import ExternalInputs
from meguru.monitoring.measured import AUC, Estimate
from meguru.monitoring.reference_rows import reference_rows, wants_reference
from meguru.monitoring.schedule.data_plan import missing_dataset_parts
from meguru.monitoring.schedule.watermark import missing_parts, watermark
from meguru.monitoring.service import figures_of
from meguru.monitoring.types import CauseState, Monitor, Report, ReportVerdict
from meguru.monitoring.window import MonitoredWindow
from meguru.monitoring.window_reader import WindowData, read_window
from meguru.predictions.counts import arrivals
from meguru.predictions.outcome_delays import label_delay
from meguru.storage.blobs import BlobStore

_SETTINGS = (
    "name",
    "endpoint",
    "checks",
    "alert_on",
    "min_rows",
    "min_drift_share",
    "important",
    "seasons",
    "persist",
    "recover",
    "false_discovery_rate",
    "created_at",
    "created_by",
)


@operation("monitor.run", permission="monitor:run", on="name")
def run(ctx: Context, *, name: str, start: datetime, end: datetime, exact: bool = False) -> Report:
    """Evaluate predictions with event times in [start, end); the same data gives the same report.

    A window of more than 200,000 rows is told by what was counted of it; `exact` reads the record instead,
    and has everything counted anew if that says otherwise.
    """
    _check_window(start, end)
    with _reading(ctx) as tx:
        monitor = store.one(tx, refs.parse(name, kind="monitor").name)
        report = make_report(tx, ctx.blobs, monitor, start, end, ctx.now(), exact=exact)
        agreed = not exact or bool(monitor.dataset) or _agree(ctx, tx, monitor, start, end)
    # In a transaction of its own, so only where none is open: on SQLite it would wait for itself.
    if not agreed and not ctx.is_open:
        count_anew(ctx.ws.with_(principal=system("monitors")), monitor.endpoint)
    return store_report(ctx, report)


def _agree(ctx: Context, tx: Connection, monitor: Monitor, start: datetime, end: datetime) -> bool:
    rules = CountingRules(tx, ctx.blobs, counted_by([monitor]))
    return summing.matches_record(tx, monitor.endpoint, start, end, rules)


def make_report(
    tx: Connection,
    blobs: BlobStore,
    monitor: Monitor,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    exact: bool = False,
) -> Report:
    """Return the report of a window: the one that was made of the same data and settings, else a new one.

    Nothing is stored.
    """
    if monitor.dataset:
        return _make_dataset_report(tx, blobs, monitor, start, end, now)
    seen = read_window(tx, blobs, monitor, start, end, exact=exact)
    lacking = _missing_parts(tx, monitor, end, seen, now)
    before = reports_before(tx, monitor, start, end)
    outside = ExternalInputs.of(tx, monitor, start, end)
    digest = _digest(monitor, seen, sorted(lacking), [report.digest for report in before], outside.state)
    known = store.find_report(tx, monitor.name, start, end, digest)
    if known is not None:
        return known
    window = seen.compared()
    past = with_column_counts(tx, monitor.endpoint, seen.rules, window.model, past_windows(before))
    window = outside.add_to(tx, blobs, replace(window, past=past), start, end)
    if wants_reference(monitor):
        window = replace(window, reference=reference_rows(tx, blobs, window))
    made = evaluate(monitor, window, start, end, now, digest, list(lacking.values()))
    return msgspec.structs.replace(made, delay=label_delay(tx, monitor.endpoint, start, end))


def _make_dataset_report(
    tx: Connection, blobs: BlobStore, monitor: Monitor, start: datetime, end: datetime, now: datetime
) -> Report:
    dataset_window = read_dataset_window(tx, blobs, monitor, start, end)
    lacking = missing_dataset_parts(tx, blobs, monitor, end, now) if monitor.window else {}
    settings = {name: getattr(monitor, name) for name in (*_SETTINGS, "dataset", "reference")}
    before = reports_before(tx, monitor, start, end) if monitor.window else []
    parts = [settings, dataset_window.digest, dataset_window.reference.digest, sorted(lacking)]
    digest = digests.of_value([*parts, [each.digest for each in before]] if before else parts)
    known = store.find_report(tx, monitor.name, start, end, digest)
    if known is not None:
        return known
    window = compare_dataset_window(blobs, dataset_window, monitor, (start, end), past_windows(before))
    made = evaluate(monitor, window, start, end, now, digest, list(lacking.values()))
    return msgspec.structs.replace(
        made, model="", dataset=dataset_window.version.ref, reference=dataset_window.reference.ref
    )


def evaluate(
    monitor: Monitor,
    window: MonitoredWindow,
    start: datetime,
    end: datetime,
    at: datetime,
    digest: str,
    partial: Sequence[str] = (),
) -> Report:
    """Judge a window and write the report; nothing is stored.

    What a window is `partial` for keeps it from being ok: what is still to come may say otherwise.
    """
    judgement = judge(monitor, window)
    is_open = bool(partial) and judgement.verdict is ReportVerdict.OK
    return Report(
        id=new_id("report"),
        monitor=monitor.name,
        endpoint=monitor.endpoint,
        model=window.model,
        start=start,
        end=end,
        at=at,
        verdict=ReportVerdict.UNKNOWN if is_open else judgement.verdict,
        reasons=[*partial, *judgement.reasons] if is_open else judgement.reasons,
        rows=window.rows,
        outcomes=window.outcomes,
        coverage=window.outcomes / window.rows if window.rows else 0.0,
        compared=judgement.compared,
        drifted=judgement.drifted,
        drift_share=judgement.drift_share,
        performance=list(window.performance),
        metric=window.live.metrics[0].metric if window.live and window.live.metrics else AUC,
        findings=judgement.findings,
        notes=judgement.notes,
        causes=judgement.causes,
        trend=judgement.trend,
        digest=digest,
        partial=list(partial),
        business=list(window.business),
        service=None if window.service is None else figures_of(window.service),
        evidence=gather_evidence(window, judgement.findings, JudgedSpan(start, end, judgement.verdict)),
    )


def store_report(ctx: Context, report: Report) -> Report:
    """Store a report and tell of it, unless one of the same data and settings is there."""
    tx = ctx.tx
    # Asked again in the write transaction: two workers may have made the same report at a time.
    known = store.find_report(tx, report.monitor, report.start, report.end, report.digest)
    if known is not None:
        return known
    store.add_report(tx, report)
    keep_values(ctx, report.business)
    subject, data = refs.make("monitor", report.monitor), _data(report)
    used = [subject, *(performance.model for performance in report.performance)]
    used += [each for each in (report.dataset, report.reference) if each]
    ctx.emit("monitor.evaluated", subject, data=data, used=used, produced=[report.ref])
    # What rings on without being in this window was told already; its alert stands till a window is ok.
    is_told = any(cause.seen and cause.state is CauseState.RINGING for cause in report.causes)
    if report.verdict is ReportVerdict.ALERT and is_told:
        ctx.emit("monitor.alerted", subject, data=data, used=[report.ref])
    return report


def _data(report: Report) -> dict[str, Any]:
    live = report.live
    judged = live.measured(report.metric) if live else None
    return {
        "report": report.ref,
        "endpoint": refs.make("endpoint", report.endpoint) if report.endpoint else "",
        "model": report.model,
        "start": report.start,
        "end": report.end,
        "verdict": report.verdict,
        "reasons": report.reasons,
        "rows": report.rows,
        "outcomes": report.outcomes,
        "drifted": report.drifted,
        "drift_share": report.drift_share,
        "auc": _plain(live.auc if live else None),
        "reference": live.reference if live else None,
        "metric": report.metric,
        "estimate": _plain(judged.estimate if judged else None),
        "partial": report.partial,
        "dataset": report.dataset,
        "compared_with": report.reference,
        "likely": (report.evidence.likely or "") if report.evidence else "",
    }


def _plain(estimate: Estimate | None) -> dict[str, Any] | None:
    return None if estimate is None else msgspec.structs.asdict(estimate)


@contextmanager
def _reading(ctx: Context) -> Iterator[Connection]:
    """Read within the open transaction if there is one, else without holding up any writer."""
    if ctx.is_open:
        yield ctx.tx
        return
    with ctx.db.read() as tx:
        yield tx


def _missing_parts(
    tx: Connection, monitor: Monitor, end: datetime, seen: WindowData, now: datetime
) -> dict[str, str]:
    """Return what the window of a monitor that knows when one is full still lacks."""
    if monitor.window is None:
        return {}
    arrived = arrivals(tx, monitor.endpoint).get(monitor.endpoint)
    world = watermark(arrived, now, float(monitor.complete.quiet)) if arrived else None
    return missing_parts(monitor, end, world, seen.rows, seen.outcomes)


def _digest(
    monitor: Monitor,
    seen: WindowData,
    lacking: Sequence[str],
    past: Sequence[str],
    outside: Sequence[object],
) -> str:
    """Name the data and the settings; predictions never change, but outcomes arrive and are corrected.

    The windows before are a part of it: what lasts is told otherwise than what comes once.

    When a monitor looks is no part of it: it finds the same however often it does. What it lacks is.
    """
    known = {
        model: [each.profile.to_dict() if each.profile else None, dict(each.metrics)]
        for model, each in seen.baselines.items()
    }
    settings = {name: getattr(monitor, name) for name in _SETTINGS}
    parts: list[Any] = [settings, seen.digest(), known]
    parts += [each for each in ([*past], [*lacking], [*outside]) if each]
    return digests.of_value(parts)


def _check_window(start: datetime, end: datetime) -> None:
    for field, given in (("start", start), ("end", end)):
        if given.tzinfo is None:
            raise InvalidInput(
                f"{field} has no time zone", hint=f"write {given.isoformat()}Z for UTC", field=field
            )
    if start >= end:
        raise InvalidInput("the window is empty", why=f"it ends at {end} and starts at {start}", field="end")
