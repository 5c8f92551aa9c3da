"""Set up a monitor that is not there yet."""

from typing import Any

from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel import declarations
from meguru.kernel.operations import Context, operation
from meguru.monitoring import store
from meguru.monitoring.deciding.rules import SEASONS, TWO_CALM, TWO_OF_THREE, Persistence, Recovery, Season
from meguru.monitoring.kind import ALERT_ON, CHECKS, MONITOR, MonitorSpec
from meguru.monitoring.schedule.rules import AS_IT_COMES, Completeness, Schedule, WindowRule
from meguru.monitoring.types import Monitor, Severity

NOTHING_MARKED: list[str] = []


@operation("monitor.create", permission="monitor:write", on="name")
def create(
    ctx: Context,
    *,
    name: str,
    endpoint: str = "",
    dataset: str = "",
    reference: int = 0,
    checks: list[dict[str, Any]] = CHECKS,
    alert_on: list[Severity] = ALERT_ON,
    min_rows: int = 500,
    min_drift_share: float = 0.0,
    window: WindowRule | None = None,
    schedule: Schedule = "window",
    complete: Completeness = AS_IT_COMES,
    debounce: float | str = 60.0,
    make_up: int = 100,
    important: list[str] = NOTHING_MARKED,
    seasons: list[Season] = SEASONS,
    persist: Persistence = TWO_OF_THREE,
    recover: Recovery = TWO_CALM,
    false_discovery_rate: float = 0.01,
) -> Monitor:
    """Watch an endpoint, or a dataset, with these checks; the same again changes nothing.

    With a `window` the server looks by itself; at a dataset, also without one: at each new version.

    ``monitor.declare`` changes one.
    """
    spec = MonitorSpec(
        endpoint=endpoint,
        dataset=dataset,
        reference=reference,
        checks=checks,
        alert_on=alert_on,
        min_rows=min_rows,
        min_drift_share=min_drift_share,
        window=window,
        schedule=schedule,
        complete=complete,
        debounce=debounce,
        make_up=make_up,
        important=important,
        seasons=seasons,
        persist=persist,
        recover=recover,
        false_discovery_rate=false_discovery_rate,
    )
    planned = declarations.compare(ctx, MONITOR, name, spec)
    if planned.change is declarations.Change.UPDATED:
        raise Conflict(
            f"monitor {name!r} is there already",
            where=planned.ref,
            why=f"its {', '.join(change.field for change in planned.fields)} differ from what you ask for",
            hint=f"change it: meguru monitor update {name}; or give the new one another name",
        )
    if planned.change is declarations.Change.CREATED:
        declarations.declare(ctx, MONITOR, name, spec)
    return store.one(ctx.tx, refs.parse(planned.ref).name)
