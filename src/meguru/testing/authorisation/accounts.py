"""Makers of what people say, and of what things cost: see `fixtures.MAKERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meguru.comments.write import add as add_comment
from meguru.costs.kind import BudgetSpec, PriceListSpec
from meguru.costs.operations import budgets, prices
from meguru.summaries.kind import ScheduledReportSpec
from meguru.summaries.operations import reports as scheduled_reports
from meguru.testing.authorisation.making import Making


def _comment(of: Making) -> str:
    return add_comment(of.ws, about=f"endpoint/{of.made['endpoint']}", text=of.mark).id


def _price_list(of: Making) -> str:
    prices.declare(of.ws, name=of.mark, spec=PriceListSpec(unit="JPY"))
    return of.mark


def _budget(of: Making) -> str:
    budgets.declare(of.ws, name=of.mark, spec=BudgetSpec(limit=1e9, of="cpu_hours"))
    return of.mark


def _scheduled_report(of: Making) -> str:
    spec = ScheduledReportSpec(to=[f"mailto:{of.mark}@example.com"])
    scheduled_reports.declare(of.ws, name=of.mark, spec=spec)
    return of.mark


MAKERS: Mapping[str, Callable[[Making], str]] = {
    "comment": _comment,
    "price_list": _price_list,
    "budget": _budget,
    "scheduled_report": _scheduled_report,
}
