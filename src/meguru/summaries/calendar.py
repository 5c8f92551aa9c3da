"""Promises the reports that are due."""

from __future__ import annotations

from functools import partial

from meguru.base.ids import new_id
from meguru.base.ticker import Ticker
from meguru.kernel import jobs
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.summaries import store
from meguru.summaries.kind import SCHEDULED_REPORT
from meguru.summaries.spec import next_moment

JOB = "scheduled_report"
MAX_ATTEMPTS = 12
_PROMISE = InternalOperation(SCHEDULED_REPORT, "promise")


class ReportCalendar(Ticker):
    """Looks every few seconds; several servers may: each moment is promised once."""

    name = "scheduled reports"
    pause = 5.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system(self.name))

    def tick(self) -> int:
        """Promise what is due; return to how many receivers."""
        now = self.ws.clock.now()
        with self.ws.read() as tx:
            names = store.due(tx, now)
        return sum(_PROMISE.commit(self.ws, partial(promise, name=name)) for name in names)


def promise(ctx: Context, *, name: str) -> int:
    """Promise a report to each receiver, if it is due; what was missed more than once is sent once."""
    report = store.find(ctx.tx, name, lock=True)
    if report is None or report.due_at is None or report.due_at > ctx.now():
        return 0
    # In one transaction with the jobs: a crash promises all receivers or none, and a second server finds it
    # done.
    store.set_due(ctx.tx, name, next_moment(report.spec, ctx.now()))
    for to in report.spec.to:
        delivery = new_id("dlv")
        payload = {"report": name, "to": to, "until": report.due_at.isoformat(), "delivery": delivery}
        jobs.enqueue(ctx, kind=JOB, key=delivery, payload=payload, cause=None, max_attempts=MAX_ATTEMPTS)
    return len(report.spec.to)
