"""Who uses a model: told by the kinds above the registry, which know it and not the other way round."""

from __future__ import annotations

from meguru.artifacts.sight import sight_of
from meguru.base import refs
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.registry import store
from meguru.registry.types import ModelUse

USERS = "model user"
"""The family of those who use models: ``f(tx, name) -> list[ModelUse]``, or what has its three attributes."""
LIVE = "live"


@operation("model.uses", permission="model:read", query=True, on="ref")
def uses(ctx: Context, *, ref: str) -> list[ModelUse]:
    """List who uses a model, or one version of it: endpoints, open releases, monitors, pipelines.

    What the caller may not see is left out.
    """
    name = refs.parse(ref, kind="model").name
    version = store.resolve(ctx.tx, ref).ref if refs.parse(ref, kind="model").version else ""
    if not version:
        store.check_name(ctx.tx, name)
    sight, family = sight_of(ctx), provided(USERS)
    found = [use for member in family.names() for use in family.load(member)(ctx.tx, name)]
    return sorted(
        (
            ModelUse(ref=use.ref, how=use.how, version=use.version)
            for use in found
            if sight.sees(use.ref) and (not version or use.version in {"", version})
        ),
        key=lambda use: (use.how != LIVE, use.ref, use.version),
    )
