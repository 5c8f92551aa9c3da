"""What happened, for business readers: one page in plain words, which prints."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_of
from meguru.summaries.build import show

DAYS = (7, 30, 90, 365)


def overview(visit: Visit) -> Response:
    """Show the summary of the last days."""
    asked = number_of(visit, "days")
    days = 30 if asked is None else min(max(asked, 1), 3660)
    summary = show(visit.ws, since=visit.ws.clock.now() - timedelta(days=days))
    return visit.render("summary.html", found=summary, days=days, choices_days=DAYS, live="release.")


PAGES: dict[str, PageFunction] = {"/ui/summary": overview}
