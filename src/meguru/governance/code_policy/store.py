"""SQL of policies and of attested commits, on an open transaction."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select

from meguru.governance.code_policy.kind import PolicySpec
from meguru.governance.code_policy.schema import attested_commit, policy


class AttestedCommit(msgspec.Struct, frozen=True, kw_only=True):
    """What CI told of a commit: on which branch it is, who wrote it, and who approved it."""

    commit: str
    branch: str
    repository: str
    author: str
    approved_by: list[str]
    pull_request: str
    reported_by: str = msgspec.field(name="told_by")
    at: datetime
    event: str

    @property
    def is_reviewed(self) -> bool:
        """Whether another than its author approved it; of an unknown author nobody can say."""
        author = self.author.casefold()  # forges take capital letters in names of accounts for small ones
        return bool(author) and any(each.casefold() != author for each in self.approved_by)


def policies(tx: Connection) -> dict[str, PolicySpec]:
    """Return all policies by name."""
    rows = tx.execute(select(policy).order_by(policy.c.name))
    return {row.name: msgspec.convert(row.spec, PolicySpec) for row in rows}


def put(tx: Connection, name: str, spec: PolicySpec) -> None:
    """Write a policy, over the present one."""
    remove(tx, name)
    tx.execute(insert(policy).values(name=name, spec=msgspec.to_builtins(spec)))


def remove(tx: Connection, name: str) -> None:
    """Remove a policy."""
    tx.execute(delete(policy).where(policy.c.name == name))


def attested(tx: Connection, commit: str) -> list[AttestedCommit]:
    """Return what was told of a commit, a line for each branch."""
    rows = tx.execute(select(attested_commit).where(attested_commit.c.commit == commit))
    return [msgspec.convert(row, AttestedCommit, from_attributes=True) for row in rows]


def save_attestation(tx: Connection, told: AttestedCommit) -> None:
    """Write what was told of a commit of a branch; the newest word holds."""
    here = (attested_commit.c.commit == told.commit) & (attested_commit.c.branch == told.branch)
    tx.execute(delete(attested_commit).where(here))
    tx.execute(insert(attested_commit).values(msgspec.structs.asdict(told)))
