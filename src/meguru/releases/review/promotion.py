"""What a promotion asks of the review."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.errors import ApprovalMissing
from meguru.governance.release_policies.store import applicable_policies
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.releases.review import store
from meguru.releases.review.parts import parts_now
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import BrokenGlass, ReviewStanding
from meguru.releases.types import Release


def must_be_reviewed(ctx: Context, found: Release) -> None:
    """Refuse a release of which its policies ask for what lacks, in the transaction of its promotion.

    Raises
    ------
    ApprovalMissing
        It says all that lacks.
    """
    # Whoever changes a policy, a right or a key at this moment is before this in the log, or after it.
    events.lock(ctx.tx)
    standing = standing_of(ctx.tx, found, ctx.now())
    asked = store.request_of(ctx.tx, found.endpoint, found.version)
    if standing.lacks:
        raise lacking(found, standing, asked=asked is not None)
    if asked:  # by what it went live, whatever changes afterwards
        store.keep_parts(ctx.tx, asked, parts_now(ctx.tx, found))


def may_return(ctx: Context, found: Release) -> None:
    """Refuse a rollback to what went live in an emergency and was not signed for; any other needs nobody.

    What was live once went live with all that its policies asked then, or before there were any: a rollback
    must be possible at any hour. Under a policy it is told.

    Raises
    ------
    ApprovalMissing
        If people are still to sign for it.
    """
    if (glass := unsigned(ctx.tx, found)) is not None:
        raise ApprovalMissing(
            f"{found.ref} went live in an emergency, and was not signed for",
            where=found.ref,
            why=f"{glass.by} broke the glass: {glass.reason}",
            hint=f"others sign first: meguru release approve {found.endpoint}@{found.version}",
        )


def unsigned(tx: Connection, found: Release) -> BrokenGlass | None:
    """Return the glass that was broken for a release while people are still to sign for it, else None."""
    glass = store.glass_of(tx, found.endpoint, found.version)
    return glass if glass is not None and glass.answered_at is None else None


def tell_return(ctx: Context, found: Release, reason: str) -> None:
    """Tell people that a release went live again without a review, where a policy asks for reviews."""
    asked = [each.ref for each in applicable_policies(ctx.tx, found.endpoint)]
    if asked:
        data = {"endpoint": found.content.endpoint, "model": found.model, "policies": asked, "reason": reason}
        ctx.emit("release.review_skipped", found.ref, data=data)


def lacking(found: Release, standing: ReviewStanding, *, asked: bool) -> ApprovalMissing:
    """Return the error that says what lacks, and which decisions count no more."""
    lost = [
        f"{each.principal}'s {each.decision.value} is {each.state.value}: {each.why}"
        for each in standing.decisions
        if each.why
    ]
    short = f"{found.endpoint}@{found.version}"
    return ApprovalMissing(
        f"{found.ref} may not go live yet",
        where=found.ref,
        why="; ".join([*standing.lacks, *lost, *([standing.clock] if standing.clock else [])]),
        hint=f"meguru release review {short}" if asked else f"meguru release request {short}",
    )
