"""Ask for alerts."""

from __future__ import annotations

from meguru.alerts import store
from meguru.alerts.types import Alert, AlertState
from meguru.base.paging import Page, check_limit
from meguru.errors import NotFound
from meguru.kernel.kinds import Urgency
from meguru.kernel.operations import Context, operation

NOT_OVER = frozenset({AlertState.OPEN, AlertState.ACKNOWLEDGED})


@operation("alert.list", permission="alert:read", query=True)
def list_alerts(
    ctx: Context, *, state: str = "", severity: str = "", after: str = "", limit: int = 100
) -> Page[Alert]:
    """List alerts, those that came last first: those that are not over, or of one state, or ``all``.

    `severity` is the least urgent that is listed; `after` is where the page before ended.
    """
    most = check_limit(limit)
    if after:
        ctx.check_readable("alert", after)
    last = store.one(ctx.tx, after) if after else None
    items = store.page(
        ctx.tx,
        states=_states(state),
        severities=at_least(severity),
        before=(last.last_at, last.id) if last else None,
        limit=most + 1,
        projects=ctx.visible,
    )
    return Page(items=items[:most], next_cursor=items[most - 1].id if len(items) > most else "")


@operation("alert.show", permission="alert:read", query=True, on="alert")
def show(ctx: Context, *, alert: str) -> Alert:
    """Show an alert: what it is about, its evidence, and who looks after it."""
    return store.one(ctx.tx, alert)


def at_least(severity: str) -> frozenset[Urgency]:
    """Return the severities that are as urgent as one, or more; all for an empty text."""
    if not severity:
        return frozenset(Urgency)
    known = [each.value for each in Urgency]
    if severity not in known:
        raise NotFound.of("severity", severity, known)
    return frozenset(each for each in Urgency if each.rank >= Urgency(severity).rank)


def _states(state: str) -> frozenset[AlertState]:
    if not state:
        return NOT_OVER
    known = [*(each.value for each in AlertState), "all"]
    if state not in known:
        raise NotFound.of("state", state, known)
    return frozenset(AlertState) if state == "all" else frozenset({AlertState(state)})
