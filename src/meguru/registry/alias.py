"""Point an alias at a version of a model."""

from meguru.base import refs
from meguru.base.names import check_name
from meguru.errors import InvalidInput
from meguru.registry import aliases, store
from meguru.registry.types import Alias
from meguru.runtime.operations import Context, operation


@operation("model.alias", permission="model:write")
def alias(ctx: Context, *, ref: str, alias: str, reason: str = "") -> Alias:
    """Point an alias at a version of a model; where it pointed before is kept.

    Raises
    ------
    InvalidInput
        If the alias could be taken for a version.
    NotFound
        If there is no such version.
    """
    alias = check_name("model alias", alias, field="alias")
    if alias.isdecimal() or alias.lower() == "latest":
        why = "it would be taken for a version"
        raise InvalidInput(f"{alias!r} can't be an alias", why=why, hint="try champion", field="alias")
    name = refs.parse(ref, kind="model").name
    tx = ctx.tx
    store.resolve(tx, name)
    store.lock(tx, name, ctx.now())
    version = store.resolve(tx, ref)
    before = next((each for each in aliases.at(tx, name, None) if each.alias == alias), None)
    if before and before.model == version.ref:
        return before
    told = ctx.emit(
        "model_alias.moved",
        version.ref,
        data={
            "alias": alias,
            "model": version.ref,
            "before": before.model if before else None,
            "reason": reason,
        },
        used=[version.ref],
    )
    new = Alias(
        name=name,
        alias=alias,
        model=version.ref,
        since=ctx.now(),
        until=None,
        moved_by=ctx.principal.name,
        event=told.id,
    )
    aliases.move(tx, new, version.version)
    return new
