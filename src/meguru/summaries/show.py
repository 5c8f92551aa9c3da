"""List scheduled reports."""

from __future__ import annotations

from meguru.kernel.operations import Context, operation
from meguru.summaries import store
from meguru.summaries.store import ScheduledReport


@operation("scheduled_report.list", permission="scheduled_report:read", query=True)
def list_reports(ctx: Context) -> list[ScheduledReport]:
    """List scheduled reports, each with when it is due next."""
    return store.page(ctx.tx, ctx.visible)
