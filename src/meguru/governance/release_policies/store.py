"""SQL of release policies, on an open transaction."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec
from sqlalchemy import Connection, delete, insert, select

from meguru.base import digests
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.schema import release_policy


class ReleasePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy under its name."""

    name: str
    spec: ReleasePolicySpec

    @property
    def ref(self) -> str:
        """The reference of this policy."""
        return f"release_policy/{self.name}"

    @property
    def digest(self) -> str:
        """The digest of all that it asks."""
        return digests.of_value(self.spec)

    def applies_to(self, endpoint: str) -> bool:
        """Tell whether it applies to the releases of an endpoint."""
        return any(fnmatchcase(endpoint, pattern) for pattern in self.spec.endpoints)


def policies(tx: Connection) -> list[ReleasePolicy]:
    """Return all policies by name."""
    rows = tx.execute(select(release_policy).order_by(release_policy.c.name))
    return [ReleasePolicy(name=row.name, spec=msgspec.convert(row.spec, ReleasePolicySpec)) for row in rows]


def applicable_policies(tx: Connection, endpoint: str) -> list[ReleasePolicy]:
    """Return the policies that apply to the releases of an endpoint."""
    return [policy for policy in policies(tx) if policy.applies_to(endpoint)]


def put(tx: Connection, name: str, spec: ReleasePolicySpec) -> None:
    """Write a policy, over the present one."""
    remove(tx, name)
    tx.execute(insert(release_policy).values(name=name, spec=msgspec.to_builtins(spec)))


def remove(tx: Connection, name: str) -> None:
    """Remove a policy."""
    tx.execute(delete(release_policy).where(release_policy.c.name == name))
