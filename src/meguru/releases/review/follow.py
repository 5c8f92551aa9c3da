"""The follower: tells people when something changed under what they had agreed to."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.base.late import importing
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.releases import store as releases
from meguru.releases.diff import differences
from meguru.releases.kind import RELEASE
from meguru.releases.review import store
from meguru.releases.review.types import ReviewDecision, ReviewRequest
from meguru.releases.types import ReleaseDifference, ReleaseState

UNCONCERNED = ("run.", "prediction.", "alert.", "job.", "notification.", "outcome.", "feedback.", "access.")
"""What never changes anything under a release."""
_VOID = InternalOperation(RELEASE, "void")


class ReviewKeeper(Follower):
    """Looks at the open reviews after each change; that approvals are void, it only tells: they are at once.

    Several servers may run one each: of one change people are told once.
    """

    name = "reviews"
    pace, idle = 1.0, 60.0

    def step(self) -> int:
        """Tell of the approvals that are void by now; return of how many reviews."""
        # Most changes concern no review: they are found in a read, and only news is looked at again in a
        # write.
        with self.ws.read() as tx:
            asked = store.open_requests(tx)
            moved = [each for each in asked if _is_news(each, _changes(tx, each))]
        return sum(_VOID.commit(self.ws, partial(_tell, release=each)) for each in moved)

    def wakes(self, type: str) -> bool:
        """Tell whether an event may have changed what is under a release."""
        return not type.startswith(UNCONCERNED)


def _changes(tx: Connection, asked: ReviewRequest) -> list[ReleaseDifference]:
    with importing:
        from meguru.releases.review.parts import parts_now
    found = releases.get(tx, refs.make("release", asked.endpoint, asked.version))
    return differences(asked.parts, parts_now(tx, found))


def _is_news(asked: ReviewRequest, changes: list[ReleaseDifference]) -> bool:
    return asked.voided != (digests.of_value(changes) if changes else "")


def _tell(ctx: Context, *, release: ReviewRequest) -> int:
    """Write what differs by now, and tell of it if somebody had agreed."""
    found = releases.get(ctx.tx, refs.make("release", release.endpoint, release.version), lock=True)
    asked = store.request_of(ctx.tx, release.endpoint, release.version)
    if asked is None or found.state is not ReleaseState.PASSED:
        return 0
    changes = _changes(ctx.tx, asked)
    if not _is_news(asked, changes):
        return 0
    store.mark_voided(ctx.tx, asked, digests.of_value(changes) if changes else "")
    given = [
        each
        for each in store.decisions(ctx.tx, asked.endpoint, asked.version)
        if each.decision is ReviewDecision.APPROVED
        and each.withdrawn_at is None
        and each.parts == asked.parts
    ]
    if not changes or not given:
        return 0
    ctx.emit(
        "release.approvals_voided",
        found.ref,
        data={
            "endpoint": found.content.endpoint,
            "model": found.model,
            "digest": asked.digest,
            "by": sorted({each.principal for each in given}),
            "approvals": [each.id for each in given],
            "changes": changes,
        },
        used=[found.ref],
        cause=asked.event,
    )
    return 1
