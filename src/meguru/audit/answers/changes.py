"""Who changed a thing, and what of it."""

from __future__ import annotations

from datetime import datetime

from meguru.audit.answers.entries import EntryFilter, page
from meguru.audit.answers.types import ChangeEntry, FieldStep
from meguru.audit.answers.who_could import RIGHT, readable_ref
from meguru.base.paging import Page, check_limit
from meguru.kernel.event import Event
from meguru.kernel.kinds.kind import kind_of
from meguru.kernel.operations import Context, operation


@operation("audit.changes", permission=RIGHT, query=True, refers={"ref": "*"})
def changes(
    ctx: Context,
    *,
    ref: str,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    limit: int = 100,
) -> Page[ChangeEntry]:
    """List what was done to a thing and its versions, oldest first: by whom, from what to what.

    Fields are those of its declaration, before and after.
    """
    readable_ref(ctx, ref)
    wanted = EntryFilter(subject=ref, since=since, until=until, projects=ctx.visible)
    events = page(ctx.tx, wanted, after, check_limit(limit) + 1)
    more = str(events[limit - 1].seq) if len(events) > limit else ""
    return Page(
        items=[ChangeEntry(event=event, fields=_fields(event)) for event in events[:limit]], next_cursor=more
    )


def _fields(event: Event) -> list[FieldStep]:
    name, _, verb = event.type.partition(".")
    kind = kind_of(name)
    if verb == "updated" and isinstance(event.data.get("changes"), dict):
        return [
            FieldStep(field=field, before=step.get("before"), after=step.get("after"))
            for field, step in event.data["changes"].items()
        ]
    if verb == "created" and kind is not None and kind.spec is not None:
        return [FieldStep(field=field, after=value) for field, value in event.data.items()]
    return []
