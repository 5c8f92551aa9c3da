"""Freshness: how long it took from new data to a model that learned from it answering, by the event log."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.kernel import events
from meguru.kernel.event import Event
from meguru.kernel.events.schema import edge
from meguru.kernel.operations import Context
from meguru.serving.types import Deployment, Endpoint, Renewal

_MAX_ANCESTORS = 200
"""So many things are followed back from a model."""
_LANDED, _TAKEN_UP = "dataset_version.created", "endpoint.serving"


def renewal_of(ctx: Context, endpoint: Endpoint) -> Renewal | None:
    """Return how the live model came of data; None if it did not, or of none that the caller may see."""
    if endpoint.live is None:
        return None
    used = _dataset_ancestors(ctx.tx, endpoint.live.model_ref, _can_see(ctx))
    landed = [event for ref in used if (event := events.latest(ctx.tx, subject=ref, types=(_LANDED,)))]
    if not landed:
        return None
    last = max(landed, key=lambda event: event.seq)
    live = _live(ctx.tx, endpoint.live)
    waiting = _waiting(ctx.tx, used)
    return Renewal(
        data=last.subject,
        landed_at=last.at,
        live_at=live.at if live else None,
        seconds=max((live.at - last.at).total_seconds(), 0.0) if live else None,
        target=endpoint.renew_within or None,
        waiting=waiting.subject if waiting else "",
        waiting_since=waiting.at if waiting else None,
    )


def _can_see(ctx: Context) -> Callable[[str], bool]:
    def can_see(ref: str) -> bool:
        return ctx.principal.allows("dataset:read", refs.project_of(refs.parse(ref).name))

    return can_see


def _dataset_ancestors(tx: Connection, model: str, can_see: Callable[[str], bool]) -> list[str]:
    """Return the dataset versions that a model was made of, over whatever lies between."""
    found: list[str] = []
    seen, frontier = {model}, [model]
    while frontier and len(seen) < _MAX_ANCESTORS:
        before = tx.execute(select(edge.c.source).where(edge.c.target.in_(frontier))).scalars()
        new = [ref for ref in dict.fromkeys(before) if ref not in seen]
        seen.update(new)
        found += [ref for ref in new if ref.startswith("dataset/") and can_see(ref)]
        # Not beyond datasets, as what they were made of landed before them; nor earlier models, which this
        # one was only compared with.
        frontier = [ref for ref in new if not ref.startswith(("dataset/", "model/"))]
    return found


def _live(tx: Connection, deployment: Deployment) -> Event | None:
    """Return the event with which a server began to answer with what was promoted."""
    if not deployment.event:
        return None
    switched = events.get(tx, deployment.event)
    taken = events.read(tx, after=switched.seq, subject=switched.subject, types=(_TAKEN_UP,), limit=20)
    return next((event for event in taken if event.data["release"] == deployment.release_ref), None)


def _waiting(tx: Connection, used: list[str]) -> Event | None:
    """Return the first version that landed after those that the live model knows; None if none did."""
    newer = []
    for ref in used:
        parsed = refs.parse(ref)
        following = refs.make("dataset", parsed.name, int(str(parsed.version)) + 1)
        if following not in used:
            newer.append(events.latest(tx, subject=following, types=(_LANDED,)))
    return min((each for each in newer if each), key=lambda event: event.seq, default=None)
