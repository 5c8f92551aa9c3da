"""Each event is the one whose hash stands in the log, and the story of the release follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meguru.base import digests
from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.types import EVENTS, PackFault


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of events that were changed, and of a history that they do not tell."""
    before: dict[str, Any] = {"seq": 0}
    head = pack.manifest.head
    for place, event in pack.events:
        seq = event.get("seq")
        if not isinstance(seq, int) or not before["seq"] < seq <= head.seq:
            yield fault(place, f"its number is {seq}: they rise, up to {head.seq}")
            return
        if hash_of(event) != event.get("hash"):
            yield fault(place, f"event {seq} does not have the hash that stands with it: it was changed")
        if before["seq"] == seq - 1 and seq > 1 and event.get("previous") != before["hash"]:
            yield fault(place, f"event {seq} does not continue the one before it")
        if seq == head.seq and event.get("hash") != head.hash:
            yield fault(place, "it is not the last event that the manifest says")
        before = event
    yield from _deployment(pack)


def _deployment(pack: CheckedPack) -> Iterator[PackFault]:
    known = {event.get("seq"): event for _, event in pack.events}
    names = ("seq", "hash", "type", "at", "actor")
    for line in pack.named("deployment"):
        for each in line.statement.predicate.get("events", ()):
            there = known.get(each.get("seq"), {})
            if {name: there.get(name) for name in names} != each:
                yield fault(line.place, f"event {each.get('seq')} is not so in {EVENTS}")
    promoted = [
        event
        for _, event in pack.events
        if event.get("type") == "release.promoted" and event.get("subject") == pack.manifest.release
    ]
    for event in promoted:
        if event.get("data", {}).get("digest") != pack.manifest.digest:
            yield fault(f"{EVENTS}: event {event['seq']}", "another digest was promoted than this one")
    live = any(signed_line.statement.predicate.get("live_at") for signed_line in pack.named("release"))
    if live and not promoted and not _rolled_back(pack):
        yield fault(EVENTS, "the release was live, and nothing tells how")


def _rolled_back(pack: CheckedPack) -> bool:
    return any(
        event.get("type") == "release.rolled_back" and event.get("subject") == pack.manifest.release
        for _, event in pack.events
    )


def hash_of(event: dict[str, Any]) -> str:
    """Return the hash of an event as `meguru.kernel.event_log.chain_hash` makes it."""
    body = {name: value for name, value in event.items() if name != "hash"}
    if not body.get("project"):
        body.pop("project", None)
    return digests.of_value(body)
