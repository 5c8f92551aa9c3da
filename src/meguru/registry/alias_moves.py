"""The one mover of aliases, for our own operations, MLflow's clients, imports and releases.

Some aliases follow what another noun decides (``champion`` follows releases): that noun owns them, and who
moves one by hand needs its permission. A mover within an operation of the owner does not.
"""

from __future__ import annotations

from meguru.base import refs
from meguru.kernel.kinds import kinds, provided
from meguru.kernel.operations import Context
from meguru.registry import aliases
from meguru.registry.types import Alias

CHAMPION = "champion"
GUARDS = "alias guard"
"""Kinds that say where an alias of theirs may point: ``f(ctx, model, alias, version)`` refuses."""


def owned() -> dict[str, str]:
    """Return the aliases that another kind owns, each with the permission to move it by hand."""
    return {
        alias: f"{kind.name}:{verb}"
        for kind in kinds().values()
        for alias, verb in kind.reserved_aliases.items()
    }


def check_owner(ctx: Context, name: str, alias: str) -> None:
    """Refuse who may not move an alias; whatever its case, as nobody should take one for the other."""
    if permission := owned().get(alias.lower()):
        noun = permission.partition(":")[0]
        ctx.require(
            permission,
            project=refs.project_of(name),
            why=f"the alias {alias!r} belongs to {noun}s, and the permission {permission!r} is missing",
            hint=f"let a {noun} move it (meguru {noun} promote), or use another alias",
        )


def point(
    ctx: Context, name: str, alias: str, version: int, *, reason: str = "", as_owner: bool = False
) -> Alias:
    """Point an alias at a version from now on; where it points already, nothing happens.

    The caller holds the model, and has looked that the version is there.

    Raises
    ------
    Forbidden
        If another noun owns the alias, and the principal lacks its permission.
    ApprovalMissing
        If people have not agreed yet to what it would point at.
    """
    # Read under the model's lock: another mover in between would end the same old move, and give its own the
    # number that this one gets.
    before = next((each for each in aliases.at(ctx.tx, name, None) if each.alias == alias), None)
    ref = refs.make("model", name, version)
    if before and before.model == ref:
        return before
    if not as_owner:
        check_owner(ctx, name, alias)
        ask_guard(ctx, name, alias, version)
    was = before.model if before else None
    event = ctx.emit(
        "model_alias.moved",
        ref,
        data={"alias": alias, "model": ref, "before": was, "reason": reason},
        used=[ref],
    )
    new = Alias(
        name=name,
        alias=alias,
        model=ref,
        since=ctx.now(),
        until=None,
        moved_by=ctx.principal.name,
        event=event.id,
    )
    aliases.move(ctx.tx, new, version)
    return new


def ask_guard(ctx: Context, name: str, alias: str, version: int) -> None:
    """Ask whoever owns an alias whether it may point there (`GUARDS`).

    Raises
    ------
    ApprovalMissing
        If people have not agreed yet to what it would point at.
    """
    guards = provided(GUARDS)
    owners = (each for each in kinds().values() if alias.lower() in each.reserved_aliases)
    for kind in owners:
        if kind.name in guards.names():
            guards.load(kind.name)(ctx, name, alias, version)


def end(ctx: Context, name: str, alias: str) -> bool:
    """Let an alias point nowhere from now on; tell whether it pointed anywhere.

    Raises
    ------
    Forbidden
        As for `point`.
    """
    before = aliases.version_of(ctx.tx, name, alias)
    if before is None:
        return False
    check_owner(ctx, name, alias)
    aliases.end(ctx.tx, name, alias, ctx.now())
    ref = refs.make("model", name, before)
    ctx.emit("model_alias.removed", ref, data={"alias": alias, "before": ref}, used=[ref])
    return True
