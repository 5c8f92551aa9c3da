"""Questions about monitors and their reports."""

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.monitoring import store
from meguru.monitoring.types import MonitorHistory, MonitorStatus, Report
from meguru.runtime.operations import Context, operation


@operation("monitor.list", permission="monitor:read", query=True)
def list_monitors(ctx: Context, *, endpoint: str = "") -> list[MonitorStatus]:
    """List monitors, or those of one endpoint, each with its newest report."""
    wanted = refs.parse(endpoint, kind="endpoint").name if endpoint else ""
    found = []
    for item in store.all_monitors(ctx.tx, wanted):
        newest = store.reports(ctx.tx, item.name, 1)
        found.append(MonitorStatus(monitor=item, last=newest[0].summary() if newest else None))
    return found


@operation("monitor.show", permission="monitor:read", query=True)
def show(ctx: Context, *, name: str, limit: int = 50) -> MonitorHistory:
    """Show a monitor with its reports, the one evaluated last first."""
    item = store.one(ctx.tx, refs.parse(name, kind="monitor").name)
    found = store.reports(ctx.tx, item.name, check_limit(limit))
    return MonitorHistory(monitor=item, reports=[each.summary() for each in found])


@operation("report.show", permission="monitor:read", query=True)
def show_report(ctx: Context, *, ref: str) -> Report:
    """Show one report with all its findings: ``report/ID``, or the id alone."""
    return store.one_report(ctx.tx, refs.parse(ref, kind="report").name)
