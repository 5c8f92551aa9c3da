"""Say where a commit comes from: what CI does, with a short-lived token that it got for its signed claim."""

from __future__ import annotations

import re

from meguru.errors import InvalidInput
from meguru.governance.code_policy import store
from meguru.governance.code_policy.store import AttestedCommit
from meguru.kernel.operations import Context, operation

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MAX_TEXT, _MAX_APPROVERS = 300, 50


@operation("policy.attest", permission="policy:attest")
def attest(
    ctx: Context,
    *,
    commit: str,
    branch: str,
    repository: str = "",
    author: str = "",
    approved_by: list[str] = [],  # noqa: B006 - the kernel copies it for each call
    pull_request: str = "",
) -> AttestedCommit:
    """Tell that a commit is on a branch, who wrote it, and who approved it; the same again changes nothing.

    Only who holds `policy:attest` may: give it to the role of the CI that a trust lets in, to nobody else.

    Raises
    ------
    InvalidInput
        If it is no whole commit, or something is too long.
    """
    if not _COMMIT.fullmatch(commit):
        hint = "give all 40 letters: git rev-parse HEAD"
        raise InvalidInput(f"{commit[:80]!r} is no whole commit", field="commit", hint=hint)
    texts = {"branch": branch, "repository": repository, "author": author, "pull_request": pull_request}
    for field, text in texts.items():
        if len(text) > _MAX_TEXT:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {_MAX_TEXT} characters")
    if not branch:
        raise InvalidInput("which branch is it on?", field="branch")
    if len(approved_by) > _MAX_APPROVERS or any(len(each) > _MAX_TEXT for each in approved_by):
        raise InvalidInput(f"up to {_MAX_APPROVERS} people approve a commit", field="approved_by")
    known = next(
        (
            attested_commit
            for attested_commit in store.attested(ctx.tx, commit)
            if attested_commit.branch == branch
        ),
        None,
    )
    said = (repository, author, approved_by, pull_request)
    if known and (known.repository, known.author, known.approved_by, known.pull_request) == said:
        return known
    data = {"commit": commit, "approved_by": approved_by} | texts
    event = ctx.emit("policy.attested", f"policy/{commit[:12]}", data=data, project="")
    told = AttestedCommit(
        commit=commit,
        branch=branch,
        repository=repository,
        author=author,
        approved_by=approved_by,
        pull_request=pull_request,
        reported_by=ctx.principal.name,
        at=ctx.now(),
        event=event.id,
    )
    store.save_attestation(ctx.tx, told)
    return told


@operation("policy.attested", permission="policy:read", query=True)
def attested(ctx: Context, *, commit: str) -> list[AttestedCommit]:
    """Return what was told of a commit, a line for each branch that it is on."""
    return store.attested(ctx.tx, commit.removesuffix("+"))
