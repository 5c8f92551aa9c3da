"""The specs of scheduled reports: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from cronsim import CronSimError
from sqlalchemy import Connection

from meguru.alerts.notifications.spec import check_receivers
from meguru.base import refs
from meguru.base.local_time import moments
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.summaries import store
from meguru.summaries.kind import ScheduledReportSpec

MAX_DAYS = 400


def find(tx: Connection, name: str) -> ScheduledReportSpec | None:
    """Return the present spec; None if there is no such report."""
    report = store.find(tx, name)
    return None if report is None else report.spec


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [report.name for report in store.page(tx, projects)]


def check(ctx: Context, name: str, spec: ScheduledReportSpec) -> ScheduledReportSpec:
    """Return the spec; refuse what could never be sent.

    Raises
    ------
    InvalidInput
        Naming the field that makes no sense.
    Forbidden
        If its author may not read the summary itself.
    """
    project = refs.project_of(name)
    ctx.require("summary:read", project=project, why="it would tell what its author may not read")
    check_receivers(ctx, spec.to)
    if not 1 <= spec.days <= MAX_DAYS:
        raise InvalidInput(f"days are 1 to {MAX_DAYS}", field="days")
    next_moment(spec, ctx.now())
    return msgspec.structs.replace(spec, to=list(dict.fromkeys(spec.to)))


def uses(name: str, spec: ScheduledReportSpec) -> list[str]:
    """Return nothing: it names no thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: ScheduledReportSpec) -> None:
    """Write the spec; it tells what who declared it last may see."""
    store.declare(ctx.tx, name, spec, by=ctx.principal.name, due_at=next_moment(spec, ctx.now()))


def retire(ctx: Context, name: str) -> None:
    """Send the report no more."""
    store.take_out(ctx.tx, name, ctx.now())


def next_moment(spec: ScheduledReportSpec, after: datetime) -> datetime | None:
    """Return when a report is due next; InvalidInput if that can't be read."""
    try:
        zone = ZoneInfo(spec.tz)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInput(f"there is no time zone {spec.tz[:60]!r}", field="tz") from error
    try:
        return next(iter(moments(spec.every, zone, after)), None)
    except CronSimError as error:
        what = f"{spec.every[:100]!r} does not say when"
        raise InvalidInput(what, field="every", why=str(error), hint="every = '0 8 1 * *'") from error
