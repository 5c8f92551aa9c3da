"""Registered models: made, described, renamed, tagged, pointed at, searched and forgotten."""

from typing import Any

from msgspec.structs import replace
from starlette.routing import Route

from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import RequestArguments, route
from meguru.mlflow.protocol.errors import Refusal
from meguru.mlflow.registry import aliases as registry_aliases
from meguru.mlflow.registry import store
from meguru.mlflow.registry import versions as registry_versions
from meguru.mlflow.registry.answers import (
    check_tags,
    exists,
    held_model,
    model_answer,
    model_answers,
    new_name_of,
    stage_of,
    version_answer,
)
from meguru.mlflow.registry.names import named, own_name
from meguru.mlflow.registry.search import find_models
from meguru.mlflow.registry.store import ProtocolModel
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.registry import alias_moves, aliases

_BASE = "/mlflow/registered-models"


def routes() -> list[Route]:
    """Return the routes of the model registry, below ``/api/2.0`` and ``/ajax-api/2.0``."""
    return [
        route(f"{_BASE}/create", {"POST": _create}),
        route(f"{_BASE}/get", {"GET": _get}),
        route(f"{_BASE}/update", {"PATCH": _update, "POST": _update}),
        route(f"{_BASE}/rename", {"POST": _rename}),
        route(f"{_BASE}/delete", {"DELETE": _delete}),
        route(f"{_BASE}/search", {"GET": _search, "POST": _search}),
        route(f"{_BASE}/list", {"GET": _list}),
        route(f"{_BASE}/get-latest-versions", {"GET": _latest, "POST": _latest}),
        route(f"{_BASE}/set-tag", {"POST": _set_tag}),
        route(f"{_BASE}/delete-tag", {"DELETE": _delete_tag}),
        *registry_aliases.routes(),
        *registry_versions.routes(),
    ]


@operation(
    "mlflow.create_registered_model", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _made(ctx: Context, *, name: str, description: str, tags: dict[str, str]) -> dict[str, Any]:
    known = store.model(ctx.tx, name)
    if known:
        raise exists(known, tags)
    made = ProtocolModel(
        name=name, description=description, tags=tags, created_at=ctx.now(), updated_at=ctx.now()
    )
    store.keep_model(ctx.tx, made)
    ctx.emit(
        "registered_model.created", refs.make("model", name), data={"tags": tags, "description": description}
    )
    return model_answer(ctx.tx, made)


@operation(
    "mlflow.change_registered_model", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _changed(
    ctx: Context, *, name: str, description: str | None, tags: dict[str, str], dropped: str
) -> dict[str, Any]:
    model = held_model(ctx.tx, name)
    kept = {key: value for key, value in (model.tags | tags).items() if key != dropped}
    described = model.description if description is None else description
    changed = replace(model, tags=kept, description=described)
    if description is not None:
        changed = replace(changed, updated_at=ctx.now())
    store.keep_model(ctx.tx, changed)
    payload = {"description": description, "tags": tags, "dropped": dropped}
    ctx.emit("registered_model.changed", refs.make("model", name), data=payload)
    return model_answer(ctx.tx, changed)


@operation(
    "mlflow.rename_registered_model", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _renamed(ctx: Context, *, name: str, new_name: str) -> dict[str, Any]:
    model = held_model(ctx.tx, name)
    if store.model(ctx.tx, new_name) or store.has_native(ctx.tx, new_name):
        raise exists(replace(model, name=new_name, tags={}))
    if store.has_native(ctx.tx, name):
        message = (
            f"Registered Model '{own_name(name)}' can't be renamed: it has versions that Meguru can serve, "
            "and the records of what was made from them name it. Copy the version to a new name instead."
        )
        raise Refusal("BAD_REQUEST", message)
    for alias in aliases.names(ctx.tx, name):
        alias_moves.check_owner(ctx, name, alias)
    store.rename(ctx.tx, name, new_name)
    changed = replace(model, name=new_name, updated_at=ctx.now())
    store.keep_model(ctx.tx, changed)
    ctx.emit("registered_model.renamed", refs.make("model", new_name), data={"before": name})
    return model_answer(ctx.tx, changed)


@operation(
    "mlflow.delete_registered_model", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _forgotten(ctx: Context, *, name: str) -> None:
    held_model(ctx.tx, name)
    for alias in aliases.names(ctx.tx, name):
        alias_moves.check_owner(ctx, name, alias)
        aliases.end(ctx.tx, name, alias, ctx.now())
    store.forget(ctx.tx, name)
    ctx.emit("registered_model.removed", refs.make("model", name), data={"by": "MLflow"})


@operation(
    "mlflow.get_registered_model",
    permission="model:read",
    query=True,
    door=DOOR,
    on="name",
    refers={"name": "model"},
)
def _shown(ctx: Context, *, name: str) -> dict[str, Any]:
    return model_answer(ctx.tx, held_model(ctx.tx, name))


@operation("mlflow.search_registered_models", permission="model:read", query=True, door=DOOR)
def _found(
    ctx: Context, *, filter: str, order_by: list[str], token: str, limit: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    names, following = find_models(
        ctx.tx, filter=filter, order_by=order_by, token=token, limit=limit, project=ctx.home
    )
    more = {"next_page_token": following} if following else {}
    return model_answers(ctx.tx, store.named(ctx.tx, names)), more


@operation(
    "mlflow.get_latest_versions",
    permission="model:read",
    query=True,
    door=DOOR,
    on="name",
    refers={"name": "model"},
)
def _newest(ctx: Context, *, name: str, stages: list[str]) -> list[dict[str, Any]]:
    held_model(ctx.tx, name)
    pointing = store.aliases(ctx.tx, name)
    return [
        version_answer(version, pointing)
        for version in store.newest_of(ctx.tx, [name]).get(name, [])
        if not stages or version.stage.lower() in stages
    ]


def _create(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    name = new_name_of(ws, given, "name")
    tags = check_tags(given.pairs("tags"))
    return {"registered_model": _made(ws, name=name, description=given.text("description"), tags=tags)}


def _get(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"registered_model": _shown(ws, name=named(ws, given))}


def _update(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    words = given.text("description")
    changed = _changed(ws, name=named(ws, given), description=words, tags={}, dropped="")
    return {"registered_model": changed}


def _rename(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    name, new_name = named(ws, given), new_name_of(ws, given, "new_name")
    return {"registered_model": _renamed(ws, name=name, new_name=new_name)}


def _delete(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _forgotten(ws, name=named(ws, given))
    return {}


def _search(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    found, more = _found(
        ws,
        filter=given.text("filter"),
        order_by=given.texts("order_by"),
        token=given.text("page_token"),
        limit=given.number("max_results", 100, most=1000),
    )
    return {"registered_models": found, **more}


def _list(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    """Answer clients of MLflow 1, which list models a page at a time without a filter."""
    return _search(
        ws, RequestArguments({key: given.fields.get(key) for key in ("max_results", "page_token")})
    )


def _latest(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    stages = [stage_of(stage).lower() for stage in given.texts("stages")]
    return {"model_versions": _newest(ws, name=named(ws, given), stages=stages)}


def _set_tag(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    tags = check_tags({given.required("key"): given.text("value")})
    _changed(ws, name=named(ws, given), description=None, tags=tags, dropped="")
    return {}


def _delete_tag(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _changed(ws, name=named(ws, given), description=None, tags={}, dropped=given.required("key"))
    return {}
