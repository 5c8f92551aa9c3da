"""What a promotion asks of the review."""

from __future__ import annotations

from meguru.errors import ApprovalMissing
from meguru.kernel.operations import Context
from meguru.releases.review import store
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import ReviewStanding
from meguru.releases.types import Release


def must_be_reviewed(ctx: Context, found: Release) -> None:
    """Refuse a release of which its policies ask for what lacks, in the transaction of its promotion.

    Raises
    ------
    ApprovalMissing
        It says all that lacks.
    """
    standing = standing_of(ctx.tx, found, ctx.now())
    if standing.lacks:
        raise lacking(
            found, standing, asked=store.request_of(ctx.tx, found.endpoint, found.version) is not None
        )


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
