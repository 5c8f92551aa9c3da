"""Where a review stands: which decisions count now, and what lacks before the release may go live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from meguru.base.durations import seconds
from meguru.governance.log_time import log_clock
from meguru.governance.persons import Persons, persons
from meguru.governance.release_policies.calendar import closed
from meguru.governance.release_policies.kind import ReviewStage
from meguru.governance.release_policies.store import ReleasePolicy, applicable_policies
from meguru.governance.rights import read_table
from meguru.governance.signing_keys.standing import key_at
from meguru.releases.diff import differences
from meguru.releases.review import store
from meguru.releases.review.authors import authors_of
from meguru.releases.review.parts import parts_checked, parts_now
from meguru.releases.review.policy_history import policies_of
from meguru.releases.review.rights import Reviewers
from meguru.releases.review.types import (
    BrokenGlass,
    DecisionState,
    GlassStanding,
    JudgedDecision,
    PolicyStanding,
    ReleaseApproval,
    ReleaseAuthor,
    ReviewDecision,
    ReviewStanding,
    StageStanding,
)
from meguru.releases.types import Release, ReleaseDifference, ReleaseState

WENT_LIVE = frozenset({ReleaseState.LIVE, ReleaseState.SUPERSEDED, ReleaseState.ROLLED_BACK})
"""What went live did so by what held then."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decisions are judged by; of what `went_live`, what was `present` then.

    `answered` says that enough people signed after an emergency.
    """

    tx: Connection
    release: Release
    now: datetime
    present: dict[str, str]
    who: Persons
    authors: Sequence[ReleaseAuthor]
    reviewers: Reviewers
    lasts: timedelta | None
    went_live: bool
    answered: bool


def standing_of(tx: Connection, release: Release, now: datetime) -> ReviewStanding:
    """Return where the review of a release stands at a moment.

    Parameters
    ----------
    tx
        An open transaction: all is of its moment, so that what is promoted is what was approved.
    release
        As it is kept.
    now
        What a clock says; the log's time counts if that is later.
    """
    at, clock = log_clock(tx, now)
    who, went_live = persons(tx), release.state in WENT_LIVE
    # Nothing here is kept: a right, a key, a policy or a part may change at any time, and each decision
    # counts only while all of it still holds.
    authors = authors_of(tx, release, who)
    holding = applicable_policies(tx, release.endpoint)
    policies = policies_of(tx, release, authors, who, holding)
    request, checked = (
        store.request_of(tx, release.endpoint, release.version),
        parts_checked(release, holding),
    )
    then = request.parts if request else checked
    glass = store.glass_of(tx, release.endpoint, release.version)
    facts = _Facts(
        tx, release, at, then if went_live else parts_now(tx, release, holding), who, authors,
        Reviewers(tx, read_table(tx), release.endpoint), _shortest(policies), went_live,
        glass is not None and glass.answered_at is not None,
    )  # fmt: skip
    judged = [_judged(facts, approval) for approval in store.decisions(tx, release.endpoint, release.version)]
    valid = [decision for decision in judged if decision.state is DecisionState.VALID]
    policy_standings = [_policy(facts, policy, valid) for policy in policies]
    refused = [
        judged_decision for judged_decision in valid if judged_decision.decision is ReviewDecision.REFUSED
    ]
    lacks = [f"{decision.principal} refused it: {decision.note}" for decision in refused]
    lacks += [
        f"{policy_standing.policy}: {lack}"
        for policy_standing in policy_standings
        for lack in policy_standing.lacks
    ]
    return ReviewStanding(
        release=release.ref,
        digest=release.digest,
        policies=policy_standings,
        decisions=judged,
        lacks=[] if went_live else lacks,
        changes=[] if went_live else differences(checked, facts.present),
        authors=authors,
        requested_at=request.at if request else None,
        requested_by=request.by if request else "",
        note=request.note if request else "",
        clock=clock,
        glass=_glass(facts, glass, valid) if glass else None,
    )


def _shortest(policies: Sequence[ReleasePolicy]) -> timedelta | None:
    """Return how long an approval counts: as the strictest policy says; None for ever."""
    found = [seconds(policy.spec.expires, field="expires") for policy in policies if policy.spec.expires]
    return timedelta(seconds=min(each for each in found if each)) if found else None


def _judged(facts: _Facts, item: ReleaseApproval) -> JudgedDecision:
    ends = item.at + facts.lasts if facts.lasts and item.decision is ReviewDecision.APPROVED else None
    state, why, changes = _state(facts, item, ends)
    return JudgedDecision(
        state=state,
        why=why,
        changes=changes,
        expires_at=ends,
        envelope=msgspec.json.decode(item.envelope),
        **{
            name: getattr(item, name)
            for name in JudgedDecision.__struct_fields__
            if name not in {"state", "why", "changes", "expires_at", "envelope"}
        },
    )


def _state(
    facts: _Facts, item: ReleaseApproval, ends: datetime | None
) -> tuple[DecisionState, str, list[ReleaseDifference]]:
    if item.withdrawn_at is not None:
        return DecisionState.WITHDRAWN, item.withdrawal or "whoever gave it took it back", []
    signed = item.decision is ReviewDecision.SIGNED  # it is about what went live, whatever changed since
    changes = [] if signed else differences(item.parts, facts.present)
    if changes:
        return DecisionState.VOID, f"changed since: {', '.join(change.part for change in changes)}", changes
    if not signed and item.digest != facts.release.digest:
        return DecisionState.VOID, "it was given for another check of the release", []
    # Whoever said no may have left since: the no stays.
    why = "" if item.decision is ReviewDecision.REFUSED else _fault(facts, item)
    # It counted then: what happened to people since is another story.
    if facts.went_live and (facts.answered or not signed):
        why, ends = _key_fault(facts, item), None
    if why:
        return DecisionState.VOID, why, []
    if ends is not None and ends <= facts.now:
        return DecisionState.EXPIRED, f"it counted until {ends:%Y-%m-%d %H:%M} UTC", []
    return DecisionState.VALID, "", []


def _fault(facts: _Facts, item: ReleaseApproval) -> str:
    """Return why a decision counts no more because of when it was given, by whom, or with which key."""
    if item.at > facts.now:
        return f"it is dated {item.at:%Y-%m-%d %H:%M} UTC, which is still to come"
    if item.at < facts.release.created_at:
        return "it is dated before the release was put together"
    if why := facts.reviewers.fault(item.principal, item.at):
        return why
    person = facts.who.of(item.principal)
    for author in facts.authors:
        if author.person == person:
            same = "" if author.name == item.principal else f", who is {author.name}"
            return f"{item.principal}{same} {author.part}"
    return _key_fault(facts, item)


def _key_fault(facts: _Facts, item: ReleaseApproval) -> str:
    key = key_at(facts.tx, item.key, item.at)
    return "nobody here has the key that signed it" if key is None else key.why


def _policy(facts: _Facts, policy: ReleasePolicy, valid: Sequence[JudgedDecision]) -> PolicyStanding:
    decisions = [
        judged_decision for judged_decision in valid if judged_decision.decision is ReviewDecision.APPROVED
    ]
    stages = _stages(facts, policy.spec.order, decisions)
    lacks = [_lack(stage) for stage in stages if not stage.is_complete]
    asked = facts.release.content.policies
    lacks += [f"its gate {gate['gate']} was not asked" for gate in policy.spec.gates if gate not in asked]
    if facts.went_live:
        lacks = []
    elif shut := closed(policy.spec, facts.now):
        lacks.append(shut)
    return PolicyStanding(policy=policy.ref, digest=policy.digest, stages=stages, lacks=lacks)


def _stages(
    facts: _Facts, order: Sequence[ReviewStage], given: Sequence[JudgedDecision]
) -> list[StageStanding]:
    """Count approvals in the log's order: each person once, and for the first stage that is not complete."""
    stage_standings: list[StageStanding] = []
    left, counted = list(given), set[str]()
    for stage in order:
        by: list[str] = []
        while left and len(by) < stage.approvals:
            # Used up whether it fits or not: an approval given before its turn says nothing of what the stage
            # before it found. Whoever gave it approves again when it is their turn (see `ballot.known_of`).
            decision = left.pop(0)
            person = facts.who.of(decision.principal)
            if person not in counted and facts.reviewers.may(decision.principal, stage.right, decision.at):
                counted.add(person)
                by.append(decision.principal)
        stage_standings.append(
            StageStanding(name=stage.name, right=stage.right, wanted=stage.approvals, by=by)
        )
    return stage_standings


def _lack(stage: StageStanding) -> str:
    missing = stage.wanted - len(stage.by)
    given = f", given by {', '.join(stage.by)}" if stage.by else ""
    return f"{missing} of {stage.wanted} approvals lack ({stage.name}, who holds {stage.right}{given})"


def _glass(facts: _Facts, glass: BrokenGlass, valid: Sequence[JudgedDecision]) -> GlassStanding:
    signed: dict[str, str] = {}
    for judged_decision in valid:
        person = facts.who.of(judged_decision.principal)
        if judged_decision.decision is ReviewDecision.SIGNED and person != facts.who.of(glass.by):
            signed.setdefault(person, judged_decision.principal)
    open_still = len(signed) < glass.people and glass.answered_at is None
    return GlassStanding(
        by=glass.by,
        reason=glass.reason,
        at=glass.at,
        lacked=glass.missing,
        wanted=glass.people,
        signed=list(signed.values()),
        due_at=glass.due_at,
        is_overdue=open_still and facts.now > glass.due_at,
    )
