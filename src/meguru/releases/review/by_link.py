"""Decide about a release by a signed link: as the person that it was sent to, once."""

from __future__ import annotations

from functools import partial

from meguru.base import digests
from meguru.errors import Conflict, Forbidden
from meguru.governance.standing import standing
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import Principal, system
from meguru.kernel.workspace import Workspace
from meguru.releases.kind import RELEASE
from meguru.releases.review import store
from meguru.releases.review.content import page_digest
from meguru.releases.review.decide import ReviewVerdict, decide, lock_release
from meguru.releases.review.links import ReviewClaim, read_review
from meguru.releases.review.parts import parts_now
from meguru.releases.review.show import ReleaseReview, review
from meguru.releases.review.types import JudgedDecision, ReviewDecision

ACTOR = system("reviews/link")
_LINK = InternalOperation(RELEASE, "link")


def look(ws: Workspace, token: str) -> tuple[ReleaseReview, ReviewClaim]:
    """Return the review of a link, as the person sees it whom it was sent to; nothing is changed.

    Raises
    ------
    NotFound
        If it is no link of ours, or too old.
    Forbidden
        If they were shut out since.
    """
    claim = read_review(ws, token)
    return review(ws.with_(principal=_person(ws, claim)), release=claim.release), claim


def decide_by_link(
    ws: Workspace, token: str, decision: ReviewDecision, *, note: str = "", saw: str = ""
) -> JudgedDecision:
    """Decide by a link: where its person may, about what they were asked, and once.

    Raises
    ------
    NotFound
        If it is no link of ours, or too old.
    Conflict
        If it was used, or something changed since it was sent.
    Forbidden
        If they may not decide any more.
    """
    claim = read_review(ws, token)
    verdict = ReviewVerdict(decision, note, page_digest(ws, claim.release), saw=saw, door=_door(claim))
    work = partial(_decide, claim=claim, person=_person(ws, claim), verdict=verdict)
    return _LINK.commit(ws.with_(principal=ACTOR), work)


def _person(ws: Workspace, claim: ReviewClaim) -> Principal:
    with ws.read() as tx:
        principal = standing(tx, claim.account, ws.clock.now())
    if principal is None:
        raise Forbidden("this link decides nothing any more", why=f"{claim.account} was shut out")
    return principal


def _decide(ctx: Context, *, claim: ReviewClaim, person: Principal, verdict: ReviewVerdict) -> JudgedDecision:
    release = lock_release(ctx, claim.release)
    used = any(
        approval.door == verdict.door
        for approval in store.decisions(ctx.tx, release.endpoint, release.version)
    )
    if used:
        hint = "open the review in the console"
        raise Conflict("this link was used", where=release.ref, why="each counts once", hint=hint)
    if (release.digest, digests.of_value(parts_now(ctx.tx, release))) != (claim.digest, claim.parts):
        raise Conflict(
            f"{release.ref} is not what the link was sent for",
            where=release.ref,
            why="something changed since",
            hint="open the review in the console",
        )
    return decide(ctx.with_(principal=person), claim.release, verdict)


def _door(claim: ReviewClaim) -> str:
    return f"link/{claim.id} to {claim.to}"[:300]
