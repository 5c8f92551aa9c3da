"""Whether a release that was promoted answers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meguru.kernel.operations import Context
from meguru.releases.types import Release, ReleaseState
from meguru.serving import store as endpoints
from meguru.serving.health import observed


def with_serving(ctx: Context, found: Sequence[Release]) -> list[Release]:
    """Return releases, the live ones among them with what the servers do with them."""
    names = {release.endpoint for release in found if release.state is ReleaseState.LIVE}
    declared = [endpoint for name in sorted(names) if (endpoint := endpoints.find(ctx.tx, name))]
    serving = {each.name: each.serving for each in observed(ctx.tx, declared, ctx.now())}
    return [
        msgspec.structs.replace(release, serving=serving.get(release.endpoint))
        if release.state is ReleaseState.LIVE
        else release
        for release in found
    ]
