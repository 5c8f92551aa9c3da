"""Begin an apply and end it; its steps are the ordinary declarations, caused by its first event."""

from __future__ import annotations

from meguru.applies import store
from meguru.applies.plan import declared_kind, file_name
from meguru.applies.types import Apply, ApplyState, OwnedThing
from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.errors import Conflict
from meguru.kernel import declarations
from meguru.kernel.kinds.kind import kinds
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import check_project

MAX_SHOWN = 200


@operation("apply.start", permission="apply:write")
def start(ctx: Context, *, owner: str, digest: str, actions: list[str]) -> Apply:
    """Tell that a plan is being carried out; `actions` are its steps in words."""
    owner, digest = file_name(ctx, owner), digests.check_digest(digest, field="digest")
    check_project(ctx.tx, refs.project_of(owner))
    _end_older(ctx, owner)
    apply_id, shown = new_id("apply"), actions[:MAX_SHOWN]
    told = ctx.emit(
        "apply.started",
        refs.make("apply", apply_id),
        data={"owner": owner, "digest": digest, "actions": shown},
        project=refs.project_of(owner),
    )
    made = Apply(
        id=apply_id,
        owner=owner,
        digest=digest,
        state=ApplyState.RUNNING,
        actions=shown,
        started_at=ctx.now(),
        started_by=ctx.principal.name,
        event=told.id,
    )
    store.add(ctx.tx, made)
    return made


def _end_older(ctx: Context, owner: str) -> None:
    """End what was killed, or is overtaken now: of one file one apply runs, and none for ever."""
    for each in store.running(ctx.tx, owner):
        reason = "a later apply of the file began"
        store.end(ctx.tx, each.id, ApplyState.FAILED, ctx.now(), reason)
        data, project = {"owner": owner, "reason": reason}, refs.project_of(owner)
        ctx.emit("apply.failed", each.ref, data=data, cause=each.event, project=project)


@operation("apply.finish", permission="apply:write", on="apply")
def finish(ctx: Context, *, apply: str, owned: list[str], reason: str = "") -> Apply:
    """End an apply, which failed if there is a `reason`. From now on the file owns what is in `owned` alone.

    What another file owns stays that file's until this one is said to take it over: an apply that would is
    refused.
    """
    found = store.one(ctx.tx, refs.parse(apply, kind="apply").name)
    if found.state is not ApplyState.RUNNING:
        raise Conflict(f"{found.ref} has ended", where=found.ref, why=f"it {found.state.value}")
    for ref in owned:
        kind, name = declared_kind(refs.parse(ref).kind), refs.parse(ref).name
        ctx.require(f"{kind.name}:write", project=refs.project_of(name), why=f"the file would own {ref}")
    theirs = {ref: who for ref, who in store.owners(ctx.tx, owned).items() if who != found.owner}
    if theirs:
        ref, who = next(iter(theirs.items()))
        raise Conflict(f"{ref} is declared by another file", where=ref, why=f"the file {who!r} owns it")
    gone = [] if reason else [ref for ref in store.owned(ctx.tx, found.owner) if ref not in set(owned)]
    store.disown(ctx.tx, gone)
    store.own(ctx.tx, [_owned(ctx, found, ref) for ref in dict.fromkeys(owned)])
    state = ApplyState.FAILED if reason else ApplyState.SUCCEEDED
    store.end(ctx.tx, found.id, state, ctx.now(), reason)
    data = {"owner": found.owner} | ({"reason": reason} if reason else {"owned": len(owned)})
    project = refs.project_of(found.owner)
    ctx.emit(f"apply.{state.value}", found.ref, data=data, cause=found.event, project=project)
    return store.one(ctx.tx, found.id)


def _owned(ctx: Context, found: Apply, ref: str) -> OwnedThing:
    parsed = refs.parse(ref)
    versions = declarations.history(ctx, kinds()[parsed.kind], parsed.name, 1)
    return OwnedThing(
        ref=ref, owner=found.owner, number=versions[0].number if versions else 0, apply=found.id
    )
