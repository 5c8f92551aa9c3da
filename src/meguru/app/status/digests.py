"""What runs in a workspace, by digest: to be held beside other environments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from meguru.base import refs
from meguru.base.paging import MAX_PAGE, Page
from meguru.kernel.operations import Context, operation
from meguru.pipelines import store as pipeline_versions
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
    for each in pipelines:
        now = deployments.current(ctx.tx, each.name)
        if now is not None and now.version:
            version = pipeline_versions.get(ctx.tx, each.name, now.version)
            what = refs.make("pipeline", each.name)
            found.append(
                DigestLine(what=what, ref=version.ref, digest=version.digest, since=now.at, by=now.by)
            )
    return found


def _live(ctx: Context, endpoints: Iterable[Endpoint]) -> list[DigestLine]:
    found = []
    for endpoint in endpoints:
        live = endpoint.live
        if live is None:
            continue
        release = releases.get(ctx.tx, live.release_ref)
        digest = registry.resolve(ctx.tx, live.model_ref).tree_digest
        for kind, ref, one in (
            ("model", live.model_ref, digest),
            ("release", release.ref, release.identity),
        ):
            what = f"{kind} of endpoint/{endpoint.name}"
            found.append(DigestLine(what=what, ref=ref, digest=one, since=live.since))
    return found
