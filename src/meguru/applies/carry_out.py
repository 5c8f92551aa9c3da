"""Begin an apply and end it; its steps are the ordinary declarations, caused by its first event."""

from __future__ import annotations

from typing import Any

from meguru.applies import store
from meguru.applies.plan import declared_kind, file_name
from meguru.applies.types import Apply, ApplyState, OwnedThing
from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.errors import Conflict
from meguru.kernel import declarations
from meguru.kernel.declarations import Declared
from meguru.kernel.kinds.kind import Kind, kinds, load
from meguru.kernel.operations import Context, Operation, operation, registered
from meguru.kernel.projects import check_project

MAX_SHOWN = 200


@operation("apply.start", permission="apply:write")
def start(ctx: Context, *, owner: str, digest: str, actions: list[str], seen: str | None = None) -> Apply:
    """Tell that a plan is being carried out; `actions` are its steps in words.

    `seen` is what the plan saw of earlier applies of the file: one that went on or began meanwhile wins.

    Raises
    ------
    Conflict
        If an apply of the file did something since the plan was made.
    """
    owner, digest = file_name(ctx, owner), digests.check_digest(digest, field="digest")
    check_project(ctx.tx, refs.project_of(owner))
    # Optimistic: between plan and apply people look at it, and no lock is held for so long.
    if seen is not None and seen != store.progress_of(ctx.tx, owner):
        _refuse_overtaken(ctx, owner)
    _end_older(ctx, owner)
    apply_id, shown = new_id("apply"), actions[:MAX_SHOWN]
    told = ctx.emit(
        "apply.started",
        refs.make("apply", apply_id),
        data={"owner": owner, "digest": digest, "actions": shown},
        project=refs.project_of(owner),
    )
    apply = Apply(
        id=apply_id,
        owner=owner,
        digest=digest,
        state=ApplyState.RUNNING,
        actions=shown,
        started_at=ctx.now(),
        started_by=ctx.principal.name,
        event=told.id,
    )
    store.add(ctx.tx, apply)
    return apply


def _refuse_overtaken(ctx: Context, owner: str) -> None:
    last = store.newest(ctx.tx, owner, limit=1, before="", projects=None)
    who = f"{last[0].ref} of {last[0].started_by}, {last[0].started_at:%Y-%m-%d %H:%M:%S}" if last else ""
    raise Conflict(
        f"the file {owner!r} was applied meanwhile", why=who, hint="meguru plan shows what is left to do"
    )


def _end_older(ctx: Context, owner: str) -> None:
    """End what was killed, or is overtaken now: of one file one apply runs, and none for ever."""
    for apply in store.running(ctx.tx, owner):
        reason = "a later apply of the file began"
        store.end(ctx.tx, apply.id, ApplyState.FAILED, ctx.now(), reason)
        data, project = {"owner": owner, "reason": reason}, refs.project_of(owner)
        ctx.emit("apply.failed", apply.ref, data=data, cause=apply.event, project=project)


@operation("apply.finish", permission="apply:write", on="apply")
def finish(ctx: Context, *, apply: str, owned: list[str], reason: str = "") -> Apply:
    """End an apply, which failed if there is a `reason`. From now on the file owns what is in `owned` alone.

    What another file owns stays that file's until this one is said to take it over: an apply that would is
    refused.
    """
    found = store.get(ctx.tx, refs.parse(apply, kind="apply").name)
    if found.state is not ApplyState.RUNNING:
        raise Conflict(f"{found.ref} has ended", where=found.ref, why=f"it {found.state.value}")
    for ref in owned:
        kind, name = declared_kind(refs.parse(ref).kind), refs.parse(ref).name
        ctx.require(f"{kind.name}:write", project=refs.project_of(name), why=f"the file would own {ref}")
    _refuse_owned_by_others(ctx, found, owned)
    gone = [] if reason else [ref for ref in store.owned(ctx.tx, found.owner) if ref not in set(owned)]
    store.disown(ctx.tx, gone)
    _record_owned(ctx, found, list(dict.fromkeys(owned)))
    state = ApplyState.FAILED if reason else ApplyState.SUCCEEDED
    store.end(ctx.tx, found.id, state, ctx.now(), reason)
    data = {"owner": found.owner} | ({"reason": reason} if reason else {"owned": len(owned)})
    project = refs.project_of(found.owner)
    ctx.emit(f"apply.{state.value}", found.ref, data=data, cause=found.event, project=project)
    return store.get(ctx.tx, found.id)


@operation("apply.step", permission="apply:write", on="apply")
def step(
    ctx: Context,
    *,
    apply: str,
    ref: str,
    spec: dict[str, Any] | None = None,
    expect: dict[str, Any] | None = None,
) -> Declared:
    """Carry out one step of an apply: declare a thing with `spec`, or retire it when there is none.

    It is the kind's own operation, with its permission, caused by the apply; from then on the file owns the
    thing, or does not any more.

    Raises
    ------
    Conflict
        If the apply has ended, another file owns the thing, or it is not as `expect` says.
    """
    parsed = refs.parse(ref)
    kind, full = declared_kind(parsed.kind), refs.make(parsed.kind, parsed.name)
    verb, given = ("retire", {}) if spec is None else ("declare", {"spec": spec})
    part, arguments = _operation_of(kind, verb), given | {"name": parsed.name, "expect": expect}
    # Before the transaction is open, as a refusal is logged in one of its own.
    ctx.authorise(part, arguments)
    found = store.get(ctx.tx, refs.parse(apply, kind="apply").name)
    if found.state is not ApplyState.RUNNING:
        why = found.reason or f"it {found.state.value}"
        raise Conflict(f"{found.ref} has ended", where=found.ref, why=why)
    _refuse_owned_by_others(ctx, found, [full])
    acting = ctx.with_(cause=found.event)
    acting.operation = part
    done: Declared = acting.execute(part, arguments)
    if spec is None:
        store.disown(ctx.tx, [full])
    else:
        _record_owned(ctx, found, [full])
    return done


def _operation_of(kind: Kind, verb: str) -> Operation[..., Declared]:
    for module in kind.operations:
        load(module)
    return registered()[f"{kind.name}.{verb}"]


def _refuse_owned_by_others(ctx: Context, found: Apply, listed: list[str]) -> None:
    theirs = {ref: who for ref, who in store.owners(ctx.tx, listed).items() if who != found.owner}
    if theirs:
        ref, who = next(iter(theirs.items()))
        raise Conflict(f"{ref} is declared by another file", where=ref, why=f"the file {who!r} owns it")


def _record_owned(ctx: Context, found: Apply, listed: list[str]) -> None:
    """Write down that the file owns things as they are now."""
    by_kind: dict[str, list[str]] = {}
    for ref in listed:
        parsed = refs.parse(ref)
        by_kind.setdefault(parsed.kind, []).append(parsed.name)
    owned = []
    for kind, names in by_kind.items():
        numbers = declarations.newest_numbers(ctx, kinds()[kind], names)
        for name in names:
            number, ref = numbers.get(name, 0), refs.make(kind, name)
            owned.append(OwnedThing(ref=ref, owner=found.owner, number=number, apply=found.id))
    store.set_owner(ctx.tx, owned)
