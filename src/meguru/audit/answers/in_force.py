"""Which releases were in force at a moment."""

from __future__ import annotations

from datetime import datetime

from meguru.audit.answers.entries import of_types
from meguru.audit.answers.types import InForce, InForceAnswer, SignedApproval
from meguru.audit.answers.who_could import RIGHT
from meguru.base import refs
from meguru.kernel.event import Event
from meguru.kernel.operations import Context, operation

_LIVE = ("release.promoted", "release.rolled_back")
_DECIDED = (
    "release.approved",
    "release.glass_answered",
    "release.approval_withdrawn",
    "release.gates_waived",
)
_CREATED = ("release.created", "release.received")


@operation("audit.in_force", permission=RIGHT, query=True)
def in_force(ctx: Context, *, at: datetime | None = None) -> InForceAnswer:
    """List every release that was to answer at its endpoint at a moment: since when, and who agreed."""
    moment, visible = at or ctx.now(), ctx.visible
    live: dict[str, Event] = {}
    decided: dict[str, list[Event]] = {}
    for event in of_types(ctx.tx, [*_LIVE, *_DECIDED, "endpoint.retired"], moment):
        # Filtered as it streams: the query goes by the index on types alone.
        if visible is not None and event.project not in visible:
            continue
        if event.type in _LIVE:
            live[str(event.data["endpoint"])] = event
        elif event.type == "endpoint.retired":
            live.pop(event.subject, None)
            live.pop(refs.parse(event.subject).name, None)
        else:
            decided.setdefault(event.subject, []).append(event)
    forces = [_in_force(told, decided.get(told.subject, [])) for _, told in sorted(live.items())]
    return InForceAnswer(at=moment, releases=forces)


def _in_force(event: Event, decided: list[Event]) -> InForce:
    data = event.data
    digest = str(data.get("digest", ""))
    return InForce(
        endpoint=str(data["endpoint"]),
        release=event.subject,
        model=str(data.get("model", "")),
        since=event.at,
        by=event.actor,
        event=event.id,
        how=event.type.partition(".")[2],
        reason=str(data.get("reason", "")),
        digest=digest,
        approvals=_approvals(decided, digest),
        waived=[each.id for each in decided if each.type == "release.gates_waived"],
    )


def _approvals(decided: list[Event], digest: str) -> list[SignedApproval]:
    approvals: dict[str, SignedApproval] = {}
    for event in decided:
        if digest and event.data.get("digest", digest) != digest:
            continue  # they agreed to something else
        if event.type == "release.approval_withdrawn":
            for gone in event.data.get("approvals", []):
                approvals.pop(gone, None)
        elif event.type != "release.gates_waived":
            data = event.data
            approvals[str(data["approval"])] = SignedApproval(
                by=str(data["by"]), at=event.at, key=str(data.get("key", "")), note=str(data.get("note", ""))
            )
    return list(approvals.values())
