"""What became of a version: its releases, and what the gates said of each."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.base import refs
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardApproval, CardChecklist, CardGate, CardRelease, CardWaiver
from meguru.governance.checklists import store as checklists
from meguru.governance.checklists.standing import standing_of as checklist_standing
from meguru.governance.waivers import store as waivers
from meguru.releases.review import store as reviews
from meguru.releases.review.standing import standing_of
from meguru.releases.types import Release

MAX_GATES = 60


def releases_of(reader: RecordReader, found: Sequence[Release]) -> list[CardRelease]:
    """Return releases as a card tells of them, those that may be read."""
    decided = reviews.decided(reader.tx, [(each.endpoint, each.version) for each in found])
    return [
        CardRelease(
            ref=each.ref,
            endpoint=refs.make("endpoint", each.endpoint),
            model=each.model,
            state=each.state.value,
            digest=each.digest,
            by=each.created_by,
            live_at=each.live_at,
            ended_at=each.ended_at,
            documents=[part.ref for part in each.content.documents],
            approvals=_approvals(reader, each) if (each.endpoint, each.version) in decided else [],
        )
        for each in found
        if reader.may("release", each.ref)
    ]


def _approvals(reader: RecordReader, release: Release) -> list[CardApproval]:
    """Return what people decided of a release, and what of that counts now."""
    standing = standing_of(reader.tx, release, reader.now)
    return [
        CardApproval(
            decision=each.decision.value,
            by=each.principal,
            at=each.at,
            state=each.state.value,
            note=each.note,
            why=each.why,
        )
        for each in standing.decisions
    ]


def waivers_of(reader: RecordReader, model: str) -> list[CardWaiver]:
    """Return the waivers that were asked for or granted for a model version, newest first."""
    projects = reader.projects("waiver:read")
    found = waivers.page(
        reader.tx, endpoint="", model=model, state="", before="", limit=MAX_GATES, projects=projects
    )
    return [
        CardWaiver(
            ref=each.ref,
            endpoint=refs.make("endpoint", each.endpoint),
            gate=each.gate,
            state=each.state.value,
            reason=each.reason,
            asked_by=each.asked_by,
            expires_at=each.expires_at,
            decided_by=each.decided_by,
        )
        for each in found
    ]


def checklists_of(reader: RecordReader, model: str, found: Sequence[Release]) -> list[CardChecklist]:
    """Return how far a version has come with the checklists that its endpoints ask for, or that it began."""
    asked = {
        refs.within(refs.project_of(each.endpoint), str(gate.get("checklist", "")).removeprefix("checklist/"))
        for each in found
        for gate in each.content.policies
        if gate.get("gate") == "checklist"
    }
    begun = checklists.answered_for(reader.tx, refs.parse(model, kind="model").name)
    known = {name: checklists.find(reader.tx, name) for name in sorted({*asked, *begun})}
    seen = {name: spec for name, spec in known.items() if spec and reader.sees(refs.make("checklist", name))}
    return [
        CardChecklist(
            ref=each.checklist,
            title=each.title,
            items=len(each.items),
            settled=len(each.items) - len(each.unsettled),
            unsettled=[one.item.id for one in each.unsettled],
            follows=each.follows,
        )
        for each in (
            checklist_standing(reader.tx, name, spec, model, reader.now) for name, spec in seen.items()
        )
    ]


def gates_of(found: Sequence[Release]) -> list[CardGate]:
    """Return what the gates of releases said, the newest release first."""
    said = [
        CardGate(
            release=each.ref,
            gate=result.gate,
            verdict=result.verdict.value,
            reason=result.reason,
            numbers=result.numbers,
        )
        for each in found
        for result in each.results
    ]
    return said[:MAX_GATES]
