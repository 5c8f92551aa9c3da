"""Questions about reviews."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.kernel.operations import Context, operation
from meguru.releases import store as releases
from meguru.releases.review import store
from meguru.releases.review.content import ReviewContent, content_of, digest_of
from meguru.releases.review.standing import standing_of
from meguru.releases.review.types import ReviewStanding
from meguru.releases.types import Release

HIDDEN = "is not yours to see"


class ReleaseReview(msgspec.Struct, frozen=True, kw_only=True):
    """A release as reviewers see it; `saw` is the digest of all that its content shows to who may see all."""

    release: Release
    content: ReviewContent
    standing: ReviewStanding
    saw: str


@operation("release.review", permission="release:read", query=True, on="release")
def review(ctx: Context, *, release: str) -> ReleaseReview:
    """Show what a release would change, who agreed, and what lacks; parts of it to who may see them."""
    found = releases.get(ctx.tx, release)
    content = content_of(ctx.tx, ctx.blobs, found)
    return ReleaseReview(
        release=found,
        content=_seen(ctx, found, content),
        standing=standing_of(ctx.tx, found, ctx.now()),
        saw=digest_of(content),
    )


@operation("release.awaiting", permission="release:read", query=True)
def awaiting(ctx: Context, *, limit: int = 100) -> list[ReviewStanding]:
    """List the reviews that people were asked for and that are open, and broken glasses; oldest first."""
    projects, most = ctx.visible, check_limit(limit)
    glasses = store.open_glasses(ctx.tx, projects)
    requests = store.open_requests(ctx.tx, projects=projects, limit=most)
    open_ = [(glass.endpoint, glass.version) for glass in glasses]
    open_ += [(request.endpoint, request.version) for request in requests]
    found = [releases.get(ctx.tx, refs.make("release", *each)) for each in list(dict.fromkeys(open_))[:most]]
    return [standing_of(ctx.tx, release, ctx.now()) for release in found]


def _seen(ctx: Context, found: Release, content: ReviewContent) -> ReviewContent:
    """Return the content without code, data and models of projects where the caller may not see such."""
    project = refs.project_of(found.endpoint)
    pipeline = found.content.pipeline
    theirs = refs.project_of(refs.parse(pipeline.ref).name) if pipeline else project
    if content.code and not ctx.principal.allows("pipeline:read", theirs):
        content = msgspec.structs.replace(content, code=[f"! the code {HIDDEN}"])
    data = [
        change
        for change in content.data
        if ctx.principal.allows("dataset:read", refs.project_of(change.dataset))
    ]
    if not ctx.principal.allows("model:read", refs.project_of(refs.parse(found.model).name)):
        content = msgspec.structs.replace(content, params=[], metrics=[])
    return msgspec.structs.replace(content, data=data)
