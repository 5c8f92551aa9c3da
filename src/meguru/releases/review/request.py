"""Ask people for the review of a release."""

from __future__ import annotations

from meguru.errors import Conflict, InvalidInput
from meguru.governance.release_policies.store import applicable_policies
from meguru.kernel.operations import Context, operation
from meguru.releases.resolve import as_now
from meguru.releases.review import store
from meguru.releases.review.decide import MAX_NOTE, lock_release
from meguru.releases.review.parts import parts_now
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import ReviewRequest, ReviewStanding
from meguru.releases.staleness import check_unchanged
from meguru.releases.types import Release, ReleaseState
from meguru.serving import store as endpoints


@operation("release.request", permission="release:write", on="release")
def request(ctx: Context, *, release: str, note: str = "") -> ReviewStanding:
    """Ask people whether a release may go live that passed its gates; the same again changes nothing.

    Raises
    ------
    Conflict
        If it did not pass, something changed since it was checked, or no policy asks for anything.
    """
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"a note has at most {MAX_NOTE} characters", field="note")
    found = lock_release(ctx, release)
    short = f"{found.endpoint}@{found.version}"
    if found.state is not ReleaseState.PASSED:
        raise Conflict(
            f"{found.ref} is {found.state.value}, not passed",
            where=found.ref,
            why="; ".join(found.reasons),
            hint=f"meguru release check {short}",
        )
    check_unchanged(ctx.tx, found, as_now(ctx.tx, endpoints.get(ctx.tx, found.endpoint), found.content))
    if not applicable_policies(ctx.tx, found.endpoint):
        raise Conflict(
            f"no policy asks for a review of {found.ref}",
            where=found.ref,
            hint=f"it may go live as it is: meguru release promote {short}",
        )
    if not is_asked(ctx, found):
        ask(ctx, found, note=note.strip())
    return standing_of(ctx.tx, found, ctx.now())


def is_asked(ctx: Context, found: Release) -> bool:
    """Tell whether people are asked about a release as it is now."""
    review_request = store.request_of(ctx.tx, found.endpoint, found.version)
    return (
        review_request is not None
        and review_request.digest == found.digest
        and review_request.parts == parts_now(ctx.tx, found)
    )


def ask(ctx: Context, found: Release, *, note: str = "") -> None:
    """Write that people are asked, and tell them."""
    me, before = ctx.principal.name, store.request_of(ctx.tx, found.endpoint, found.version)
    standing = standing_of(ctx.tx, found, ctx.now())
    stages = [
        f"{policy_standing.policy}: {stage.name}: {stage.wanted} with {stage.right}"
        for policy_standing in standing.policies
        for stage in policy_standing.stages
    ]
    told = ctx.emit(
        "release.review_requested",
        found.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": found.model,
            "digest": found.digest,
            "note": note,
            "policies": [policy_standing.policy for policy_standing in standing.policies],
            "asks": stages,
        },
        used=[found.ref],
        cause=found.checked_event,
    )
    requesters = [*(before.requesters if before else []), me]
    store.put_request(
        ctx.tx,
        ReviewRequest(
            endpoint=found.endpoint,
            version=found.version,
            digest=found.digest,
            parts=parts_now(ctx.tx, found),
            at=ctx.now(),
            by=me,
            requesters=list(dict.fromkeys(requesters)),
            note=note,
            event=told.id,
        ),
    )
