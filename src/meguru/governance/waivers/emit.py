"""Tell of waivers: what all their events have in common."""

from __future__ import annotations

from typing import Any

from meguru.base import refs
from meguru.governance.waivers.types import Waiver
from meguru.kernel.events import Event
from meguru.kernel.operations import Context


def emit_event(ctx: Context, type: str, item: Waiver, **more: Any) -> Event:
    """Append an event of a waiver, caused by what led to its present state."""
    data = {
        "endpoint": refs.make("endpoint", item.endpoint),
        "model": item.model,
        "gate": item.gate,
        "release": item.used_by or item.release,
        "reason": item.reason,
        "until": written_end(item),
        "by": ctx.principal.name,
    }
    project = refs.project_of(item.endpoint)
    return ctx.emit(
        type,
        item.ref,
        data=data | more,
        used=[item.model],
        cause=item.event or None,
        project=project,
    )


def written_end(item: Waiver) -> str:
    """Return when a waiver ends, for people: ``2027-03-01 00:00 UTC``."""
    return f"{item.expires_at:%Y-%m-%d %H:%M} UTC"
