"""The specs of policies: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.governance.code_policy import store
from meguru.governance.code_policy.kind import PolicySpec
from meguru.kernel.operations import Context

_MAX_TEXT = 300


def find(tx: Connection, name: str) -> PolicySpec | None:
    """Return the present spec; None if there is no such policy."""
    return store.policies(tx).get(name)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of all policies: every project shares them."""
    del projects
    return list(store.policies(tx))


def check(ctx: Context, name: str, spec: PolicySpec) -> PolicySpec:
    """Return the spec as it is; refuse names that are too long."""
    del ctx, name
    for field in ("branch", "repository"):
        if len(getattr(spec, field)) > _MAX_TEXT:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {_MAX_TEXT} characters")
    return spec


def uses(name: str, spec: PolicySpec) -> list[str]:
    """Return nothing: a policy names no other thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: PolicySpec) -> None:
    """Write the policy; what is deployed and live stays, and what comes next is asked."""
    store.put(ctx.tx, name, spec)


def retire(ctx: Context, name: str) -> None:
    """Take the policy away."""
    store.remove(ctx.tx, name)
