"""Approve or refuse a release, withdraw one's approval; the statement that one signs for that."""

from __future__ import annotations

import msgspec

from meguru.base import digests
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.governance.persons import persons
from meguru.governance.signing_keys.store import get as key_of
from meguru.kernel.operations import Context, operation
from meguru.releases import store as releases
from meguru.releases.review import store
from meguru.releases.review.ballot import ballot_of
from meguru.releases.review.content import page_digest
from meguru.releases.review.decide import (
    MAX_NOTE,
    ReviewVerdict,
    decide,
    effective_decision,
    lock_release,
    predicate_of,
)
from meguru.releases.review.reviewer import reviewer
from meguru.releases.review.standing import standing_of
from meguru.releases.review.statement import statement_of
from meguru.releases.review.types import DecisionState, JudgedDecision, ReviewDecision, ReviewStanding
from meguru.releases.types import ReleaseState


class UnsignedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody would sign: the bytes as text, and their type."""

    payload: str
    payload_type: str
    release: str
    digest: str


@operation("release.approve", permission="release:approve", on="release")
def approve(
    ctx: Context, *, release: str, note: str = "", envelope: str = "", saw: str = ""
) -> JudgedDecision:
    """Agree to a release as it is now; afterwards, to one that went live in an emergency.

    `envelope` is the statement (`release.statement`) under the signature of a key of one's own; without one
    the server signs. `saw` is the digest of the review that one looked at: it is refused if that
    is another now.

    Raises
    ------
    Forbidden
        If who asks had a part in making the release, is no person, lacks the right, or it is not their turn.
    Conflict
        If nobody asked for the review, or something changed since the release was checked.
    """
    verdict = ReviewVerdict(
        ReviewDecision.APPROVED, note, page_digest(ctx.ws, release), envelope, saw, _door(ctx)
    )
    return decide(ctx, release, verdict)


@operation("release.refuse", permission="release:approve", on="release")
def refuse(ctx: Context, *, release: str, note: str, envelope: str = "", saw: str = "") -> JudgedDecision:
    """Say no to a release, with the reason; that is final for what it is now.

    Raises
    ------
    InvalidInput
        If there is no reason.
    Forbidden, Conflict
        As for `approve`.
    """
    verdict = ReviewVerdict(
        ReviewDecision.REFUSED, note, page_digest(ctx.ws, release), envelope, saw, _door(ctx)
    )
    return decide(ctx, release, verdict)


@operation("release.statement", permission="release:approve", query=True, on="release")
def statement(
    ctx: Context, *, release: str, decision: ReviewDecision, note: str = "", key: str = ""
) -> UnsignedStatement:
    """Return the statement that one would sign, with the key `key`, to decide about a release.

    Its `payload` is to be signed as it is, in a DSSE envelope, within ten minutes.
    """
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"a note has at most {MAX_NOTE} characters", field="note")
    found = releases.get(ctx.tx, release)
    account = reviewer(ctx, key_of(ctx.tx, key) if key else None)
    wanted = effective_decision(ctx, found, decision)
    ballot = ballot_of(ctx, found, account, wanted)
    predicate = predicate_of(ballot, wanted, note.strip(), page_digest(ctx.ws, release))
    made = statement_of(found, predicate)
    return UnsignedStatement(
        payload=digests.canonical(made).decode(),
        payload_type="application/vnd.in-toto+json",
        release=found.ref,
        digest=found.digest,
    )


@operation("release.withdraw", permission="release:approve", on="release")
def withdraw(ctx: Context, *, release: str, note: str = "") -> ReviewStanding:
    """Take one's approval of a release back; a refusal stays.

    Raises
    ------
    NotFound
        If there is none that counts.
    Conflict
        If the release is live already, or what one said was no.
    """
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"a note has at most {MAX_NOTE} characters", field="note")
    found = lock_release(ctx, release)
    who, standing = persons(ctx.tx), standing_of(ctx.tx, found, ctx.now())
    me = who.of(ctx.principal.name)
    mine = [decision for decision in standing.decisions if who.of(decision.principal) == me]
    decisions = [
        each
        for each in mine
        if each.decision is ReviewDecision.APPROVED and each.state is not DecisionState.WITHDRAWN
    ]
    if not decisions:
        if any(each.decision is ReviewDecision.REFUSED for each in mine):
            raise Conflict(
                "a refusal can't be taken back", where=found.ref, why="it is final for what it was said of"
            )
        raise NotFound(f"there is no approval of {found.ref} by {ctx.principal.name}", where=found.ref)
    if found.state is not ReleaseState.PASSED:
        hint = f"meguru release rollback {found.endpoint}"
        raise Conflict(f"{found.ref} is {found.state.value}", where=found.ref, hint=hint)
    for judged_decision in decisions:
        store.withdraw(ctx.tx, judged_decision.id, at=ctx.now(), why=note.strip())
    ctx.emit(
        "release.approval_withdrawn",
        found.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": found.model,
            "digest": found.digest,
            "approvals": [decision.id for decision in decisions],
            "by": decisions[-1].principal,
            "note": note.strip(),
        },
        used=[found.ref],
        cause=decisions[-1].event,
    )
    return standing_of(ctx.tx, found, ctx.now())


def _door(ctx: Context) -> str:
    """Return by which way a decision came: the token in use, or the files of the workspace."""
    return f"token/{ctx.principal.token}" if ctx.principal.token else "local"
