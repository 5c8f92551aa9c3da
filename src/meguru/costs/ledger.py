"""Adds up what things used and cost, over times in which different price lists held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.costs import pricing, store, usage
from meguru.costs.kind import PriceListSpec
from meguru.costs.types import CostLine, ResourceUse
from meguru.kernel.operations import Context

_BOTH = "mixed"
"""The unit of money that can't be added up."""


class CostLedger:
    """What was used and cost, a line for each name; `add` in any order, then read `lines`.

    `prices` are all price lists by name, where they were read already.
    """

    def __init__(self, tx: Connection, prices: Mapping[str, PriceListSpec] | None = None) -> None:
        self._known = store.prices(tx) if prices is None else prices
        self._lines: dict[str, CostLine] = {}
        self._lists: dict[str, list[tuple[datetime, Any]]] = {}

    def lists_of(self, project: str) -> list[tuple[datetime, Any]]:
        """Return the price lists of a project, the oldest first."""
        if project not in self._lists:
            self._lists[project] = pricing.lists_of(self._known, project)
        return self._lists[project]

    def moments(self, since: datetime, until: datetime) -> list[datetime]:
        """Return a time's beginning and end, and the moments between at which other prices begin to hold."""
        begins = {begin for spec in self._known for begin, _ in self.lists_of(refs.project_of(spec))}
        return [since, *sorted(each for each in begins if since < each < until), until]

    def add(
        self,
        name: str,
        use: ResourceUse,
        *,
        project: str,
        at: datetime,
        runs: int = 0,
        predictions: int = 0,
        unmeasured: int = 0,
    ) -> None:
        """Add a use of a project, by the prices that held at a moment, to the line of a name."""
        line = self._lines.get(name) or CostLine(name=name, use=ResourceUse())
        spec = pricing.at(self.lists_of(project), at)
        cost = None if spec is None else pricing.amount(use, spec)
        first = line.use == ResourceUse() and line.runs == 0
        self._lines[name] = msgspec.structs.replace(
            line,
            use=line.use + use,
            runs=line.runs + runs,
            predictions=line.predictions + predictions,
            unmeasured=line.unmeasured + unmeasured,
            money=_sum(line.money, cost and cost.money, first=first),
            unit=_unit(line.unit, cost.unit if cost else ""),
            kwh=_sum(line.kwh, cost and cost.kwh, first=first),
            co2_kg=_sum(line.co2_kg, cost and cost.co2_kg, first=first),
        )

    @property
    def lines(self) -> list[CostLine]:
        """The lines, the dearest first; where nothing has a price, what used processors most."""
        cost_lines = [_with_rate(line) for line in self._lines.values()]
        return sorted(cost_lines, key=lambda each: (-(each.money or 0.0), -each.use.cpu_seconds, each.name))


def total(lines: list[CostLine]) -> CostLine:
    """Return all lines in one."""
    made = CostLine(name="", use=ResourceUse())
    for number, each in enumerate(lines):
        first = number == 0
        made = msgspec.structs.replace(
            made,
            use=made.use + each.use,
            runs=made.runs + each.runs,
            predictions=made.predictions + each.predictions,
            unmeasured=made.unmeasured + each.unmeasured,
            money=_sum(made.money, each.money, first=first),
            unit=_unit(made.unit, each.unit),
            kwh=_sum(made.kwh, each.kwh, first=first),
            co2_kg=_sum(made.co2_kg, each.co2_kg, first=first),
        )
    return _with_rate(made)


def fill(ctx: Context, ledger: CostLedger, by: str, since: datetime, until: datetime) -> None:
    """Add all that was used in a time, a line for each of what `by` says."""
    moments = ledger.moments(since, until)
    for begin, end in pairwise(moments):
        for source in _SOURCES[by]:
            for name, project, use, more in source(ctx, by, begin, end):
                ledger.add(name, use, project=project, at=begin, **more)


_Found = Iterator[tuple[str, str, ResourceUse, dict[str, int]]]


def _steps(ctx: Context, by: str, since: datetime, until: datetime) -> _Found:
    for step_sum in usage.of_steps(ctx.tx, since, until, projects=ctx.visible):
        project = refs.project_of(step_sum.pipeline)
        name = {"pipeline": f"pipeline/{step_sum.pipeline}", "person": step_sum.person}.get(
            by, project or refs.DEFAULT
        )
        yield name, project, step_sum.use, {"runs": step_sum.runs, "unmeasured": step_sum.unmeasured}


def _endpoints(ctx: Context, by: str, since: datetime, until: datetime) -> _Found:
    for endpoint_sum in usage.of_endpoints(ctx.tx, since, until, projects=ctx.visible):
        project = refs.project_of(endpoint_sum.endpoint)
        name = f"endpoint/{endpoint_sum.endpoint}" if by == "endpoint" else project or refs.DEFAULT
        yield name, project, endpoint_sum.use, {"predictions": endpoint_sum.predictions}


def _kept(ctx: Context, by: str, since: datetime, until: datetime) -> _Found:
    for kind, read in (("dataset", usage.of_datasets), ("model", usage.of_models)):
        if by in {kind, "project"}:
            for name, use in read(ctx.tx, since, until, projects=ctx.visible).items():
                project = refs.project_of(name)
                yield f"{kind}/{name}" if by == kind else project or refs.DEFAULT, project, use, {}


def _training(ctx: Context, by: str, since: datetime, until: datetime) -> _Found:
    del by
    made = usage.training_runs(ctx.tx, since, until, projects=ctx.visible)
    of_runs = usage.of_runs(ctx.tx, [run.partition("/")[2] for _, run in made])
    for name, run in made:
        unmeasured, use = of_runs.get(run.partition("/")[2], (0, ResourceUse()))
        yield f"model/{name}", refs.project_of(name), use, {"runs": 1, "unmeasured": unmeasured}


_SOURCES: dict[str, tuple[Callable[[Context, str, datetime, datetime], _Found], ...]] = {
    "pipeline": (_steps,),
    "person": (_steps,),
    "model": (_training, _kept),
    "endpoint": (_endpoints,),
    "dataset": (_kept,),
    "project": (_steps, _endpoints, _kept),
}
BY = tuple(_SOURCES)
"""What costs are told by."""


def _sum(known: float | None, more: float | None, *, first: bool) -> float | None:
    # What has no price in part has none as a whole: a sum without it would be too small.
    if first:
        return more
    return None if known is None or more is None else known + more


def _unit(known: str, more: str) -> str:
    return known if known == more or not more else more if not known else _BOTH


def _with_rate(line: CostLine) -> CostLine:
    if line.unit == _BOTH:
        line = msgspec.structs.replace(line, money=None)
    if line.money is None or not line.predictions:
        return line
    return msgspec.structs.replace(line, per_thousand=line.money / line.predictions * 1000)
