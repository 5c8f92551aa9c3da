"""Questions about monitors and their reports."""

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.kernel.operations import Context, operation
from meguru.monitoring import store
from meguru.monitoring.label_maturity import label_maturity
from meguru.monitoring.schedule.status import status
from meguru.monitoring.schedule.watermark import watermark
from meguru.monitoring.types import MonitorHistory, MonitorStatus, Report, ReportSummary
from meguru.predictions.counts import arrivals
from meguru.predictions.outcome_delays import label_delay


@operation("monitor.list", permission="monitor:read", query=True, refers={"endpoint": "endpoint"})
def list_monitors(ctx: Context, *, endpoint: str = "") -> list[MonitorStatus]:
    """List monitors, or those of one endpoint, each with its newest report."""
    wanted = [refs.parse(endpoint, kind="endpoint").name] if endpoint else []
    monitors = store.all_monitors(ctx.tx, *wanted, projects=ctx.visible)
    newest = store.newest_reports(ctx.tx, [item.name for item in monitors], 1)
    return [
        MonitorStatus(
            monitor=item, last=next((report.summary() for report in newest.get(item.name, [])), None)
        )
        for item in monitors
    ]


@operation("report.list", permission="monitor:read", query=True, refers={"endpoints": "endpoint"})
def list_reports(ctx: Context, *, endpoints: list[str], limit: int = 50) -> dict[str, list[ReportSummary]]:
    """List the newest reports of the monitors of some endpoints, so many of each monitor, by endpoint."""
    check_limit(limit)
    names = [refs.parse(endpoint, kind="endpoint").name for endpoint in endpoints]
    monitors = store.all_monitors(ctx.tx, *names, projects=ctx.visible) if names else []
    reports = store.newest_reports(ctx.tx, [item.name for item in monitors], limit)
    found: dict[str, list[ReportSummary]] = {name: [] for name in names}
    for item in monitors:
        found[item.endpoint] += [report.summary() for report in reports.get(item.name, [])]
    return found


@operation("monitor.show", permission="monitor:read", query=True, on="name")
def show(ctx: Context, *, name: str, limit: int = 50) -> MonitorHistory:
    """Show a monitor with its reports, the one evaluated last first."""
    item = store.one(ctx.tx, refs.parse(name, kind="monitor").name)
    found = store.reports(ctx.tx, item.name, check_limit(limit))
    windows = status(ctx.tx, item, ctx.now())
    reports = [report.summary() for report in found]
    delay = label_delay(ctx.tx, item.endpoint) if item.endpoint else None
    newest = max(reports, key=lambda each: each.end, default=None)
    arrived = arrivals(ctx.tx, item.endpoint).get(item.endpoint) if delay and newest else None
    world = watermark(arrived, ctx.now(), float(item.complete.quiet)) if arrived else None
    return MonitorHistory(
        monitor=item,
        reports=reports,
        windows=windows,
        delay=delay,
        ripeness=label_maturity(newest.start, newest.end, newest.coverage, delay, world)
        if newest and delay and world
        else None,
    )


@operation("report.show", permission="monitor:read", query=True, on="ref")
def show_report(ctx: Context, *, ref: str) -> Report:
    """Show one report with all its findings: ``report/ID``, or the id alone."""
    return store.one_report(ctx.tx, refs.parse(ref, kind="report").name)
