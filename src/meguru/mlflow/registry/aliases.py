"""Aliases of registered models; each move is kept, and is the same for MLflow's clients and for Meguru."""

from typing import Any

from starlette.routing import Route

from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import RequestArguments, not_found, route
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.registry import store
from meguru.mlflow.registry.answers import (
    check_alias,
    held_model,
    held_version,
    number_of,
    version_answer,
)
from meguru.mlflow.registry.names import named, own_name
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.registry import alias_moves


def routes() -> list[Route]:
    """Return the routes of aliases."""
    methods = {"POST": _set, "DELETE": _delete, "GET": _get}
    return [route("/mlflow/registered-models/alias", methods)]


@operation("mlflow.set_alias", permission="model:write", door=DOOR, on="name", refers={"name": "model"})
def _pointed(ctx: Context, *, name: str, alias: str, version: int) -> None:
    held_model(ctx.tx, name)
    held_version(ctx.tx, name, version)
    alias_moves.point(ctx, name, alias, version, reason="MLflow")


@operation("mlflow.delete_alias", permission="model:write", door=DOOR, on="name", refers={"name": "model"})
def _ended(ctx: Context, *, name: str, alias: str) -> None:
    held_model(ctx.tx, name)
    alias_moves.end(ctx, name, alias)


@operation(
    "mlflow.get_by_alias", permission="model:read", query=True, door=DOOR, on="name", refers={"name": "model"}
)
def _aliased(ctx: Context, *, name: str, alias: str) -> dict[str, Any]:
    held_model(ctx.tx, name)
    pointing = store.aliases(ctx.tx, name)
    if alias.lower() == "latest":
        newest = store.newest_of(ctx.tx, [name]).get(name)
        if not newest:
            raise not_found(f"Latest version not found for model {own_name(name)[:300]}.")
        return version_answer(newest[-1], pointing)
    if alias not in pointing:
        raise invalid(f"Registered model alias {alias[:120]} not found.")
    return version_answer(held_version(ctx.tx, name, pointing[alias]), pointing)


def _set(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    name, alias = named(ws, given), check_alias(given.required("alias"))
    _pointed(ws, name=name, alias=alias, version=number_of(given.required("version")))
    return {}


def _delete(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _ended(ws, name=named(ws, given), alias=given.required("alias"))
    return {}


def _get(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"model_version": _aliased(ws, name=named(ws, given), alias=given.required("alias"))}
