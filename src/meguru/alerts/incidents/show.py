"""Ask for incidents."""

from __future__ import annotations

from meguru.alerts import store as alerts
from meguru.alerts.incidents import store
from meguru.alerts.incidents.story import as_causes, causes_of, done_about, figures_of
from meguru.alerts.incidents.types import Incident, IncidentState, IncidentStory
from meguru.artifacts.sight import sight_of
from meguru.base.paging import Page, check_limit
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation


@operation("incident.list", permission="incident:read", query=True)
def list_incidents(ctx: Context, *, state: str = "", before: str = "", limit: int = 100) -> Page[Incident]:
    """List incidents, the newest first; of one state, or of all."""
    known = [each.value for each in IncidentState]
    if state and state not in known:
        raise NotFound.of("state", state, known)
    most = check_limit(limit)
    items = store.page(ctx.tx, state=state, before=before, limit=most + 1, projects=ctx.visible)
    return Page(items=items[:most], next_cursor=items[most - 1].id if len(items) > most else "")


@operation("incident.show", permission="incident:read", query=True, on="incident")
def show(ctx: Context, *, incident: str) -> IncidentStory:
    """Tell the story of an incident: alert, causes, what was done, notes, figures, the test that stays."""
    return story_of(ctx, store.one(ctx.tx, incident))


def story_of(ctx: Context, found: Incident) -> IncidentStory:
    """Return the story of an incident, as far as the caller may see it."""
    alert, sight = alerts.one(ctx.tx, found.alert), sight_of(ctx)
    done = done_about(ctx.tx, alert, found.closed_at, sight)
    return IncidentStory(
        incident=found,
        alert=alert,
        causes=as_causes(causes_of(ctx.tx, alert, sight)),
        done=as_causes(done),
        notes=store.notes(ctx.tx, found.id),
        figures=figures_of(ctx.tx, found, alert, done),
    )
