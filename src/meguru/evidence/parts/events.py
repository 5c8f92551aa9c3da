"""What the log tells of the release and of what it was made of, each event with its hash."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import select

from meguru.evidence.parts.source import GatheredPart, PackSource, lines_file, stated
from meguru.evidence.types import EVENTS
from meguru.kernel import events
from meguru.kernel.event import Event
from meguru.kernel.events.read import from_row
from meguru.kernel.events.schema import event

MAX_EVENTS, MAX_OWN_EVENTS = 200, 5000
"""So many events of each thing, and of the release itself: what it went live by stands among them.
"""
_DEPLOYED = ("release.promoted", "release.rolled_back", "release.acknowledged", "endpoint.switched")


def slice_of(source: PackSource, more: Iterable[str] = ()) -> list[Event]:
    """Return the slice of the log about a release, in its order; `more` are further subjects."""
    content = source.release.content
    about = [source.release.ref, source.model.ref, content.endpoint, content.run, *more]
    about += [part.ref for part in content.datasets] + ([content.pipeline.ref] if content.pipeline else [])
    found = {each.seq: each for ref in about if ref for each in _about(source, ref)}
    wanted = {each.cause for each in found.values() if each.cause} - {each.id for each in found.values()}
    found |= {each.seq: each for each in _by_id(source, sorted(wanted))}
    return [found[seq] for seq in sorted(found) if source.sight.knows(found[seq])]


def gather(source: PackSource, told: list[Event]) -> GatheredPart:
    """Return the slice of the log, and what of it tells when the release was live."""
    deployed = [each for each in told if each.type in _DEPLOYED and _is_about(each, source.release.ref)]
    said = {
        "state": source.release.standing,
        "events": [_summary(each) for each in deployed],
    }
    return GatheredPart(
        files=[lines_file(EVENTS, told)],
        statements=[stated("deployment", [source.about_release], msgspec.to_builtins(said))],
    )


def _about(source: PackSource, ref: str) -> list[Event]:
    most = MAX_OWN_EVENTS if ref == source.release.ref else MAX_EVENTS
    return events.read(source.ctx.tx, subject=ref, newest_first=True, limit=most)


def _by_id(source: PackSource, ids: list[str]) -> list[Event]:
    rows = source.ctx.tx.execute(select(event).where(event.c.id.in_(ids[:500])))
    return [from_row(row) for row in rows]


def _is_about(told: Event, ref: str) -> bool:
    before = told.data.get("before")
    left = before.get("release") if isinstance(before, dict) else None
    return ref in {told.subject, told.data.get("release"), left}


def _summary(told: Event) -> dict[str, object]:
    return {"seq": told.seq, "hash": told.hash, "type": told.type, "at": told.at, "actor": told.actor}
