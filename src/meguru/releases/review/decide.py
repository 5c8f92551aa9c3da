"""Decide about a release: the one function behind every door."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from meguru.base.ids import new_id
from meguru.errors import Conflict, Forbidden, InvalidInput
from meguru.governance.signing_keys.server import server_key
from meguru.kernel.operations import Context
from meguru.releases import store as releases
from meguru.releases.resolve import as_now
from meguru.releases.review import store
from meguru.releases.review.ballot import Ballot, ballot_of, known_of
from meguru.releases.review.parts import parts_now
from meguru.releases.review.reviewer import reviewer
from meguru.releases.review.standing import standing_of
from meguru.releases.review.statement import ReviewPredicate, check_signed, read_signed, statement_of
from meguru.releases.review.types import JudgedDecision, ReleaseApproval, ReviewDecision
from meguru.releases.staleness import check_unchanged
from meguru.releases.types import Release, ReleaseState
from meguru.serving import store as endpoints

MAX_NOTE, MAX_ID = 4000, 64
_EVENTS = {
    ReviewDecision.APPROVED: "release.approved",
    ReviewDecision.REFUSED: "release.review_refused",
    ReviewDecision.SIGNED: "release.glass_answered",
}


class ReviewVerdict(NamedTuple):
    """What somebody says of a release, and how it came.

    `envelope` is the statement, signed by them; else the server signs. `saw` is the digest of the page that
    they looked at, empty when they did not say; `page` the one of what it shows now. `door` tells the way.
    """

    decision: ReviewDecision
    note: str
    page: str
    envelope: str = ""
    saw: str = ""
    door: str = ""


def decide(ctx: Context, release: str, verdict: ReviewVerdict) -> JudgedDecision:
    """Write down what somebody decides, signed, and tell of it; the same again changes nothing.

    Raises
    ------
    Forbidden
        If it is not theirs to decide: an author, a service, somebody without the right or before their turn.
    Conflict
        If there is nothing to decide about, or it is not what they looked at.
    """
    note = _checked_note(verdict)
    found = lock_release(ctx, release)
    if verdict.saw and verdict.saw != verdict.page:
        raise Conflict(
            f"the review of {found.ref} is not what you looked at",
            where=found.ref,
            why="something on its page changed meanwhile",
            hint="look again, then decide",
        )
    signed = read_signed(ctx, verdict.envelope) if verdict.envelope else None
    account = reviewer(ctx, signed[1] if signed else None)
    key = None if signed else server_key(ctx.ws, ctx.tx)  # made before the time is taken
    decision = effective_decision(ctx, found, verdict.decision)
    ballot = ballot_of(ctx, found, account, decision)
    if signed and (fault := signed[1].fault_at(ballot.at)):
        raise Forbidden("this key signs nothing here", where=signed[1].ref, why=fault)
    if (judged_decision := known_of(ballot, decision)) is not None:
        return judged_decision
    predicate = predicate_of(ballot, decision, note, verdict.page)
    if signed:
        predicate = msgspec.structs.replace(predicate, id=signed[0].id, when=signed[0].when)
        _check_once(ctx, predicate.id)
    statement = statement_of(found, predicate)
    if signed:
        check_signed(signed[2], statement, ballot.at)
    envelope = verdict.envelope if key is None else msgspec.json.encode(statement.signed(key)).decode()
    key_id = signed[1].id if signed else key.public.id if key else ""
    _keep(ctx, ballot, predicate, envelope, key_id, own=signed is not None, door=verdict.door)
    after = standing_of(ctx.tx, found, ctx.now())
    return next(each for each in after.decisions if each.id == predicate.id)


def lock_release(ctx: Context, release: str) -> Release:
    """Return a release, held with its endpoint as by who promotes: one of both is first."""
    endpoint = releases.get(ctx.tx, release).endpoint
    # Always the endpoint before its release: locked the other way round elsewhere, they would deadlock.
    endpoints.lock(ctx.tx, endpoint)
    return releases.get(ctx.tx, release, lock=True)


def effective_decision(ctx: Context, found: Release, decision: ReviewDecision) -> ReviewDecision:
    """Return what is decided: of a release that waits, or afterwards of one whose glass was broken.

    Raises
    ------
    Conflict
        If the release does not wait for people, or something changed since it was checked.
    """
    glass = store.glass_of(ctx.tx, found.endpoint, found.version)
    if glass is not None and decision is not ReviewDecision.REFUSED:
        return ReviewDecision.SIGNED
    short = f"{found.endpoint}@{found.version}"
    if found.state is not ReleaseState.PASSED:
        raise Conflict(
            f"there is nothing to decide about {found.ref}",
            where=found.ref,
            why=f"it is {found.state.value}",
            hint=f"meguru release show {short}",
        )
    if store.request_of(ctx.tx, found.endpoint, found.version) is None:
        hint = f"meguru release request {short}"
        raise Conflict(f"nobody asked for a review of {found.ref}", where=found.ref, hint=hint)
    check_unchanged(ctx.tx, found, as_now(ctx.tx, endpoints.get(ctx.tx, found.endpoint), found.content))
    return decision


def predicate_of(ballot: Ballot, decision: ReviewDecision, note: str, page: str) -> ReviewPredicate:
    """Return what is said of a release."""
    return ReviewPredicate(
        id=new_id("apr"),
        decision=decision,
        principal=ballot.account,
        person=ballot.who.of(ballot.account),
        rights=ballot.rights,
        note=note,
        when=ballot.at,
        release=ballot.release.ref,
        digest=ballot.release.digest,
        policies=ballot.policies,
        saw=page,
    )


def _checked_note(verdict: ReviewVerdict) -> str:
    note = verdict.note.strip()
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"a note has at most {MAX_NOTE} characters", field="note")
    if verdict.decision is ReviewDecision.REFUSED and not note:
        raise InvalidInput("why is it refused?", field="note", hint="say it in a sentence: --note TEXT")
    return note


def _check_once(ctx: Context, id: str) -> None:
    # A signature never ends: whoever has the envelope could hand it in again after its signer withdrew it.
    if not id.startswith("apr-") or len(id) > MAX_ID:
        why = f"its id is {id[:MAX_ID]!r}"
        raise InvalidInput("this statement was not asked for here", field="envelope", why=why)
    if store.is_used(ctx.tx, id):
        raise Conflict("this statement was handed in before", why="each counts once", hint="sign a new one")


def _keep(
    ctx: Context, ballot: Ballot, predicate: ReviewPredicate, envelope: str, key: str, *, own: bool, door: str
) -> None:
    release, left = ballot.release, _left(ballot, predicate)
    told = ctx.emit(
        _EVENTS[predicate.decision],
        release.ref,
        data={
            "endpoint": release.content.endpoint,
            "model": release.model,
            "digest": release.digest,
            "approval": predicate.id,
            "by": ballot.account,
            "person": predicate.person,
            "rights": predicate.rights,
            "note": predicate.note,
            "key": key,
            "door": door,
            "lacks": left,
        },
        used=[release.ref],
        cause=_cause(ctx, ballot),
    )
    approval = ReleaseApproval(
        id=predicate.id,
        endpoint=release.endpoint,
        version=release.version,
        digest=release.digest,
        decision=predicate.decision,
        principal=ballot.account,
        person=predicate.person,
        rights=predicate.rights,
        note=predicate.note,
        at=ballot.at,
        seq=told.seq,
        event=told.id,
        policies=ballot.policies,
        page_digest=predicate.saw,
        parts=parts_now(ctx.tx, release),
        envelope=envelope,
        key=key,
        own_key=own,
        door=door,
    )
    # After the event: it is counted in the log's order, by that event's number.
    store.add_decision(ctx.tx, approval)
    request = store.request_of(ctx.tx, release.endpoint, release.version)
    if request and request.parts != approval.parts and release.state is ReleaseState.PASSED:
        store.keep_parts(
            ctx.tx, request, approval.parts
        )  # that it is asked about as it is now, somebody has seen
    glass = store.glass_of(ctx.tx, release.endpoint, release.version)
    if predicate.decision is ReviewDecision.SIGNED and glass and not left:
        store.answer_glass(ctx.tx, glass, ballot.at)


def _left(ballot: Ballot, predicate: ReviewPredicate) -> int:
    """Return how many approvals, or signatures afterwards, lack after this one."""
    if predicate.decision is ReviewDecision.SIGNED and ballot.standing.glass:
        return max(ballot.standing.glass.left - 1, 0)
    stages = [stage for policy in ballot.standing.policies for stage in policy.stages]
    missing = sum(max(stage.wanted - len(stage.by), 0) for stage in stages)
    return missing - len(ballot.rights) if predicate.decision is ReviewDecision.APPROVED else missing


def _cause(ctx: Context, ballot: Ballot) -> str | None:
    release = ballot.release
    glass = store.glass_of(ctx.tx, release.endpoint, release.version)
    request = store.request_of(ctx.tx, release.endpoint, release.version)
    return glass.event if glass else request.event if request else release.checked_event
