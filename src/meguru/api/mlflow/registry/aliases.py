"""Aliases of registered models; each move is kept, and is the same for MLflow's clients and for Meguru."""

from typing import Any

from starlette.routing import Route

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.protocol import Given, absent, ask, carry, route
from meguru.api.mlflow.registry import store
from meguru.api.mlflow.registry.answers import (
    check_alias,
    held_model,
    held_version,
    named,
    number_of,
    version_answer,
)
from meguru.base import refs
from meguru.registry import aliases
from meguru.registry.types import Alias
from meguru.runtime.operations import Context
from meguru.runtime.workspace import Workspace


def routes() -> list[Route]:
    """Return the routes of aliases."""
    methods = {"POST": _set, "DELETE": _delete, "GET": _get}
    return [route("/mlflow/registered-models/alias", methods)]


def point(ctx: Context, name: str, alias: str, version: int) -> None:
    """Point an alias at a version, in an operation under way; nothing happens when it points there."""
    before = aliases.version_of(ctx.tx, name, alias)
    if before == version:
        return
    ref = refs.make("model", name, version)
    was = refs.make("model", name, before) if before else None
    told = ctx.emit(
        "model_alias.moved",
        ref,
        data={"alias": alias, "model": ref, "before": was, "reason": "MLflow"},
        used=[ref],
    )
    moved = Alias(
        name=name,
        alias=alias,
        model=ref,
        since=ctx.now(),
        until=None,
        moved_by=ctx.principal.name,
        event=told.id,
    )
    aliases.move(ctx.tx, moved, version)


def end(ctx: Context, name: str, alias: str) -> bool:
    """Let an alias point nowhere, in an operation under way; tell whether it pointed anywhere."""
    before = aliases.version_of(ctx.tx, name, alias)
    if before is None:
        return False
    aliases.end(ctx.tx, name, alias, ctx.now())
    ref = refs.make("model", name, before)
    ctx.emit("model_alias.removed", ref, data={"alias": alias, "before": ref}, used=[ref])
    return True


@carry("model:write")
def _pointed(ctx: Context, *, name: str, alias: str, version: int) -> None:
    held_model(ctx.tx, name)
    held_version(ctx.tx, name, version)
    point(ctx, name, alias, version)


@carry("model:write")
def _ended(ctx: Context, *, name: str, alias: str) -> None:
    held_model(ctx.tx, name)
    end(ctx, name, alias)


@ask("model:read")
def _aliased(ctx: Context, *, name: str, alias: str) -> dict[str, Any]:
    held_model(ctx.tx, name)
    pointing = store.aliases(ctx.tx, name)
    if alias.lower() == "latest":
        newest = store.newest_of(ctx.tx, [name]).get(name)
        if not newest:
            raise absent(f"Latest version not found for model {name[:300]}.")
        return version_answer(newest[-1], pointing)
    if alias not in pointing:
        raise invalid(f"Registered model alias {alias[:120]} not found.")
    return version_answer(held_version(ctx.tx, name, pointing[alias]), pointing)


def _set(ws: Workspace, given: Given) -> dict[str, Any]:
    name, alias = named(given), check_alias(given.needed("alias"))
    _pointed(ws, name=name, alias=alias, version=number_of(given.needed("version")))
    return {}


def _delete(ws: Workspace, given: Given) -> dict[str, Any]:
    _ended(ws, name=named(given), alias=given.needed("alias"))
    return {}


def _get(ws: Workspace, given: Given) -> dict[str, Any]:
    return {"model_version": _aliased(ws, name=named(given), alias=given.needed("alias"))}
