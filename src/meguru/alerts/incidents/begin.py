"""Begin an incident: by hand from an alert, and by itself for critical ones."""

from __future__ import annotations

from meguru.alerts import store as alerts
from meguru.alerts.incidents import store
from meguru.alerts.incidents.types import Incident, IncidentState
from meguru.alerts.types import Alert
from meguru.base.ids import new_id
from meguru.kernel.kinds import Urgency
from meguru.kernel.operations import Context, operation


@operation("incident.open", permission="incident:write", on="alert", refers={"alert": "alert"})
def open_incident(ctx: Context, *, alert: str) -> Incident:
    """Open an incident for an alert; the one that is open about the same thing, if there is one."""
    return begin(ctx, alerts.one(ctx.tx, alert), by=ctx.principal.name)


def begin_if_critical(ctx: Context, alert: Alert, cause: str) -> None:
    """Open an incident for an alert that is critical, caused by the event that opened it."""
    if alert.severity is Urgency.CRITICAL:
        begin(ctx, alert, by=ctx.principal.name, cause=cause)


def begin(ctx: Context, alert: Alert, *, by: str, cause: str | None = None) -> Incident:
    """Open an incident, unless one is open about the same thing."""
    known = store.open_about(ctx.tx, alert.about)
    if known is not None:
        return known
    made = Incident(
        id=new_id("inc"),
        project=alert.project,
        about=alert.about,
        alert=alert.id,
        severity=alert.severity,
        state=IncidentState.OPEN,
        opened_at=ctx.now(),
        opened_by=by,
    )
    store.save(ctx.tx, made)
    data = {"about": alert.about, "alert": alert.ref, "severity": alert.severity.value}
    ctx.emit("incident.opened", made.ref, data=data, cause=cause, project=alert.project)
    return made
