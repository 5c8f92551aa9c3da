"""What things cost, and what is left of budgets."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_of
from meguru.costs.ledger import BY
from meguru.costs.show import list_budgets, report

DAYS = (1, 7, 30, 90, 365)


def listing(visit: Visit) -> Response:
    """Show what was used and cost, by what the reader chose."""
    by = visit.asked("by") if visit.asked("by") in BY else "project"
    asked = number_of(visit, "days")
    days = 30 if asked is None else min(max(asked, 1), 3660)
    cost_report = report(visit.ws, by=by, since=visit.ws.clock.now() - timedelta(days=days))
    return visit.render(
        "costs.html",
        found=cost_report,
        by=by,
        days=days,
        choices_by=BY,
        choices_days=DAYS,
        most=max((line.money or line.use.cpu_seconds for line in cost_report.lines), default=0.0),
        budgets=list_budgets(visit.ws),
        live="budget.",
    )


PAGES: dict[str, PageFunction] = {"/ui/costs": listing}
