"""Point an alias at a version of a model."""

from meguru.base import refs
from meguru.base.names import check_name
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.registry import alias_moves, store
from meguru.registry.types import Alias


@operation("model.alias", permission="model:write", on="ref")
def alias(ctx: Context, *, ref: str, alias: str, reason: str = "") -> Alias:
    """Point an alias at a version of a model; where it pointed before is kept.

    Raises
    ------
    InvalidInput
        If the alias could be taken for a version.
    NotFound
        If there is no such version.
    Forbidden
        If the alias is one that releases move (``champion``), and who asks may not promote.
    """
    alias = check_name("model alias", alias, field="alias")
    if alias.isdecimal() or alias.lower() == "latest":
        why = "it would be taken for a version"
        raise InvalidInput(f"{alias!r} can't be an alias", why=why, hint="try champion", field="alias")
    name = refs.parse(ref, kind="model").name
    # Looked up first: to lock a model makes it, and there is none of this name, perhaps.
    store.resolve(ctx.tx, name)
    store.lock(ctx.tx, name, ctx.now())
    # Only now: `@latest` may have become another one while this waited for the lock.
    version = store.resolve(ctx.tx, ref)
    return alias_moves.point(ctx, name, alias, version.version, reason=reason)
