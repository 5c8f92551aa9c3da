"""Set up a monitor."""

from typing import Any

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.names import check_name
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.monitoring import store
from meguru.monitoring.judge import check_of
from meguru.monitoring.types import Monitor, Severity
from meguru.runtime import events
from meguru.runtime.operations import Context, operation

CHECKS: list[dict[str, Any]] = [{"check": "performance"}, {"check": "psi"}, {"check": "ks"}]
ALERT_ON = [Severity.DATA_BREAK, Severity.PERFORMANCE_DROP]
SETTINGS = ("endpoint", "checks", "alert_on", "min_rows", "min_drift_share")


@operation("monitor.create", permission="monitor:write")
def create(
    ctx: Context,
    *,
    name: str,
    endpoint: str,
    checks: list[dict[str, Any]] = CHECKS,
    alert_on: list[Severity] = ALERT_ON,
    min_rows: int = 500,
    min_drift_share: float = 0.0,
) -> Monitor:
    """Watch an endpoint with these checks; the same again changes nothing."""
    item = Monitor(
        name=check_name("monitor", name),
        endpoint=refs.parse(endpoint, kind="endpoint").name,
        checks=checks,
        alert_on=sorted(set(alert_on), key=list(Severity).index),
        min_rows=min_rows,
        min_drift_share=min_drift_share,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    _check(item)
    known = store.find(ctx.tx, item.name)
    if known is not None:
        return _same(known, item)
    _check_endpoint(ctx.tx, item.endpoint)
    store.add(ctx.tx, item)
    data = {setting: getattr(item, setting) for setting in SETTINGS}
    ctx.emit("monitor.created", item.ref, data=data, used=[refs.make("endpoint", item.endpoint)])
    return item


def _check(item: Monitor) -> None:
    if not item.checks:
        raise InvalidInput(
            "a monitor needs at least one check", field="checks", hint='try [{"check": "psi"}]'
        )
    for index, options in enumerate(item.checks):
        check_of(options, f"checks[{index}]")
    if item.min_rows < 1:
        raise InvalidInput("min_rows must be at least 1", field="min_rows", why=f"it is {item.min_rows}")
    if not 0 <= item.min_drift_share <= 1:
        raise InvalidInput(
            "min_drift_share must lie between 0 and 1",
            field="min_drift_share",
            why=f"it is {item.min_drift_share:g}",
        )


def _same(known: Monitor, item: Monitor) -> Monitor:
    changed = [each for each in SETTINGS if getattr(known, each) != getattr(item, each)]
    if changed:
        raise Conflict(
            f"monitor {item.name!r} is there already",
            where=known.ref,
            why=f"its {', '.join(changed)} differ from what you ask for",
            hint="give the new one another name",
        )
    return known


def _check_endpoint(tx: Connection, name: str) -> None:
    if events.latest(tx, subject=refs.make("endpoint", name), types=("endpoint.created",)) is None:
        made = events.read(tx, types=("endpoint.created",), limit=1000, newest_first=True)
        raise NotFound.of("endpoint", name, [refs.parse(each.subject).name for each in made])
