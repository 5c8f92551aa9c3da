"""Ask of a commit what the policies of the environment ask."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.errors import Conflict
from meguru.governance.code_policy import store
from meguru.governance.code_policy.kind import PolicySpec
from meguru.governance.code_policy.store import AttestedCommit


def check_commit(tx: Connection, what: str, commit: str) -> None:
    """Refuse code of a commit that a policy does not let through.

    Parameters
    ----------
    tx
        An open transaction.
    what
        What is to run: a reference.
    commit
        Git's name of its source, with ``+`` at its end when files had changes; empty when it is not known.

    Raises
    ------
    Conflict
        It names the policy and says what to do.
    """
    for name, spec in store.policies(tx).items():
        if fault := _fault(spec, commit, store.attested(tx, commit.removesuffix("+"))):
            why, hint = fault
            raise Conflict(f"{what} may not run here", where=what, why=f"policy/{name}: {why}", hint=hint)


def _fault(spec: PolicySpec, commit: str, commits: list[AttestedCommit]) -> tuple[str, str] | None:
    """Return why code is refused, and what to do; None if it may run."""
    asks_ci = spec.branch or spec.reviewed or spec.repository
    bare = commit.removesuffix("+")
    if not bare and (spec.clean or asks_ci):
        why = "its code comes from no commit"
        return why, "commit it to a repository, and register it from there: meguru apply"
    if commit.endswith("+") and (spec.clean or asks_ci):
        why = "its code has changes that were not committed"
        return why, "commit them, have that reviewed, and register it from a clean tree: meguru apply"
    here = [
        attested_commit
        for attested_commit in commits
        if not spec.repository or attested_commit.repository == spec.repository
    ]
    if asks_ci and not here:
        why = f"nobody who may has told where commit {bare[:12]} comes from"
        return (
            why,
            f"CI tells it, after the merge: meguru policy attest {bare} --branch {spec.branch or 'main'}",
        )
    on_branch = [
        attested_commit
        for attested_commit in here
        if not spec.branch or attested_commit.branch == spec.branch
    ]
    if asks_ci and not on_branch:
        why = f"commit {bare[:12]} is not on {spec.branch}"
        return why, f"merge it into {spec.branch}"
    return _fault_of_review(bare, on_branch) if spec.reviewed else None


def _fault_of_review(commit: str, commits: list[AttestedCommit]) -> tuple[str, str] | None:
    if any(attested_commit.is_reviewed for attested_commit in commits):
        return None
    if not any(attested_commit.author for attested_commit in commits):
        why = f"nobody told who wrote commit {commit[:12]}"
        return why, "let CI tell it: meguru policy attest --author"
    why = f"nobody but its author has approved commit {commit[:12]}"
    return why, "have its pull request approved, and let CI tell it"
