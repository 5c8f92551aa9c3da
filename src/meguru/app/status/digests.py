"""What runs in a workspace, by digest: to be held beside other environments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from meguru.base import refs
from meguru.base.paging import MAX_PAGE, Page
from meguru.kernel.operations import Context, operation
from meguru.pipelines.deployments import store as deployments
from meguru.pipelines.show import list_pipelines
from meguru.pipelines.types import Pipeline
from meguru.registry import store as registry
from meguru.releases import store as releases
from meguru.serving.show import list_endpoints
from meguru.serving.types import Endpoint


class DigestLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that runs: what it is, which version, its digest, since when, and by whom.

    `what` is the same in all environments: ``pipeline/train``, or ``model`` and ``release`` of an endpoint.
    """

    what: str
    ref: str
    digest: str
    since: datetime
    by: str = ""


@operation("status.digests", permission="status:read", query=True)
def digests(ctx: Context, *, cursor: str = "", limit: int = MAX_PAGE) -> Page[DigestLine]:
    """List the deployed pipelines, then the model and the release that are live at each endpoint, by digest.

    A release's digest is of what it carries, so that it is equal wherever that was sent. Each page looks at
    so many pipelines or endpoints; one of which nothing runs has no line, and a page may be empty.
    """
    kind, _, after = cursor.partition("/")
    if kind == "endpoint":
        endpoints = ctx.execute(list_endpoints, {"cursor": after, "limit": limit})
        there = endpoints.next_cursor and f"endpoint/{endpoints.next_cursor}"
        return Page(items=_live(ctx, endpoints.items), next_cursor=there)
    pipelines = ctx.execute(list_pipelines, {"cursor": after, "limit": limit})
    there = f"pipeline/{pipelines.next_cursor}" if pipelines.next_cursor else "endpoint/"
    return Page(items=_deployed(ctx, pipelines.items), next_cursor=there)


def _deployed(ctx: Context, pipelines: Iterable[Pipeline]) -> list[DigestLine]:
    found = []
    for now, digest in deployments.with_digests(ctx.tx, [each.name for each in pipelines]):
        what, ref = refs.make("pipeline", now.name), refs.make("pipeline", now.name, now.version)
        found.append(DigestLine(what=what, ref=ref, digest=digest, since=now.at, by=now.by))
    return found


def _live(ctx: Context, endpoints: Iterable[Endpoint]) -> list[DigestLine]:
    found = []
    live_ones = [(each, each.live) for each in endpoints if each.live]
    released = releases.get_many(ctx.tx, [live.release_ref for _, live in live_ones])
    trees = registry.tree_digests(ctx.tx, [live.model_ref for _, live in live_ones])
    for endpoint, live in live_ones:
        release, digest = released[live.release_ref], trees.get(live.model_ref, "")
        for kind, ref, one in (
            ("model", live.model_ref, digest),
            ("release", release.ref, release.identity),
        ):
            what = f"{kind} of endpoint/{endpoint.name}"
            found.append(DigestLine(what=what, ref=ref, digest=one, since=live.since))
    return found
