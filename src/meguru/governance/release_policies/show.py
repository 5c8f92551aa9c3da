"""List release policies."""

from __future__ import annotations

from meguru.governance.release_policies import store
from meguru.governance.release_policies.store import ReleasePolicy
from meguru.kernel.operations import Context, operation


@operation("release_policy.list", permission="release_policy:read", query=True)
def list_policies(ctx: Context) -> list[ReleasePolicy]:
    """List the release policies with what each asks, by name."""
    return store.policies(ctx.tx)
