"""Questions about models: which there are, their versions, where their aliases point and pointed."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from meguru.artifacts.provenance import claimed_sources
from meguru.base.names import normal
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects
from meguru.registry import aliases as alias_store
from meguru.registry import store
from meguru.registry.types import Alias, ModelVersion, RegisteredModel


@operation("model.list", permission="model:read", query=True)
def list_models(ctx: Context, *, after: str = "", limit: int = 100) -> Page[RegisteredModel]:
    """List models with their newest version, by name, whoever registered them.

    A version that is not verified says why in `reason`; a model that has no version yet has no `latest`.
    """
    items = store.page(ctx.tx, after=after, limit=check_limit(limit) + 1, projects=ctx.visible)
    more = len(items) > limit
    return Page(items=items[:limit], next_cursor=items[limit - 1].name if more else "")


@operation("model.about", permission="model:read", query=True, on="name")
def about(ctx: Context, *, name: str) -> RegisteredModel:
    """Show a model: what people say of it, its newest version, and where its aliases point."""
    return store.about(ctx.tx, _known(ctx.tx, name))


@operation("model.newest", permission="model:read", query=True, refers={"names": "model"})
def newest(ctx: Context, *, names: list[str]) -> list[ModelVersion]:
    """List the newest version of each of some models; one without a version is left out."""
    return store.newest(ctx.tx, [name for name in names if in_projects(ctx.visible, name)])


@operation("model.show", permission="model:read", query=True, on="ref")
def show(ctx: Context, *, ref: str) -> ModelVersion:
    """Show one version of a model: ``delay``, ``delay@latest``, ``delay@champion`` or ``delay@3``."""
    version = store.resolve(ctx.tx, ref)
    return _with_claims(ctx.tx, [version])[0]


@operation("model.versions", permission="model:read", query=True, on="name")
def versions(ctx: Context, *, name: str, before: int | None = None, limit: int = 100) -> list[ModelVersion]:
    """List versions of a model, newest first, from the one before `before` on; none if it has none yet."""
    known = _known(ctx.tx, name)
    model_versions = store.versions(ctx.tx, known, before=before, limit=check_limit(limit))
    return _with_claims(ctx.tx, model_versions)


@operation("model.aliases", permission="model:read", query=True, on="name")
def aliases(ctx: Context, *, name: str, as_of: datetime | None = None) -> list[Alias]:
    """List where the aliases of a model point, or pointed at the moment `as_of`.

    Also those of a model that only MLflow's clients load, or that is gone by now.
    """
    if as_of is not None and as_of.tzinfo is None:
        hint = f"write {as_of.isoformat()}Z for UTC"
        raise InvalidInput("as_of has no time zone", hint=hint, field="as_of")
    return alias_store.at(ctx.tx, _known(ctx.tx, name), as_of)


@operation("model.alias_history", permission="model:read", query=True, on="name")
def alias_history(ctx: Context, *, name: str, alias: str = "") -> list[Alias]:
    """List every version an alias of a model (or each of its aliases) pointed at, the newest first."""
    return alias_store.history(ctx.tx, _known(ctx.tx, name), normal(alias))


def _known(tx: Connection, name: str) -> str:
    # Not by refs.parse: a name given by a client of MLflow may have an @ itself.
    return store.check_name(tx, name.removeprefix("model/"))


def _with_claims(tx: Connection, found: list[ModelVersion]) -> list[ModelVersion]:
    claims = claimed_sources(tx, [version.ref for version in found])
    return [
        msgspec.structs.replace(version, claimed=claims[version.ref]) if version.ref in claims else version
        for version in found
    ]
