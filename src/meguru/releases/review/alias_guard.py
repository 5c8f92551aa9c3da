"""What a policy says of aliases that follow releases, when somebody moves one by hand."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import ApprovalMissing
from meguru.governance.release_policies.store import applicable_policies
from meguru.kernel.operations import Context
from meguru.releases import store as releases
from meguru.releases.review.promotion import unsigned
from meguru.releases.review.standing import WENT_LIVE, standing_of
from meguru.releases.types import Release, ReleaseState
from meguru.serving import store as endpoints

MAX_RELEASES = 100
"""So many releases of a version are looked through; without one that counts, the alias is refused."""


def check(ctx: Context, name: str, alias: str, version: int) -> None:
    """Refuse to point an alias by hand at a model that its endpoints' policies would not let go live.

    Whoever loads a model by such an alias gets what people agreed to, whichever client moved it. The version
    needs, at each endpoint of the model that a policy asks of, a release that was live or may go live now.

    Raises
    ------
    ApprovalMissing
        It says what lacks.
    """
    ref = refs.make("model", name, version)
    made: list[Release] | None = None
    for endpoint in endpoints.of_model(ctx.tx, name):
        if not applicable_policies(ctx.tx, endpoint):
            continue
        made = releases.of_model(ctx.tx, ref, MAX_RELEASES) if made is None else made
        lacks = _lacks(ctx, ctx.tx, [each for each in made if each.endpoint == endpoint])
        if lacks:
            raise ApprovalMissing(
                f"the alias {alias!r} can't point at {ref} yet",
                where=ref,
                why=f"endpoint/{endpoint}: {lacks}",
                hint=f"let people agree, and a release move it: meguru release request {endpoint} {ref}",
            )


def _lacks(ctx: Context, tx: Connection, made: list[Release]) -> str:
    """Return what lacks before a version may be called so; empty when nothing does."""
    once = [each for each in made if each.state in WENT_LIVE]
    if any(each.state is ReleaseState.LIVE or unsigned(tx, each) is None for each in once):
        return ""
    said = "no release of it passed its gates"
    if once:
        said = f"{once[0].ref} went live in an emergency, and was not signed for"
    for release in made:
        if release.state is ReleaseState.PASSED:
            standing = standing_of(tx, release, ctx.now())
            lacks = [*standing.lacks, *(f"{change.part} changed" for change in standing.changes)]
            if not lacks:
                return ""
            said = "; ".join(lacks)
    return said
