"""Logged models: what a run saved, with its files, before (or without) being registered under a name."""

import re
from typing import Any
from uuid import uuid4

from msgspec.structs import replace
from starlette.routing import Route

from meguru.artifacts.trees import TreeEntry, put_entries
from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.artifacts import proxy_paths
from meguru.mlflow.artifacts.names import canonical_path
from meguru.mlflow.artifacts.proxy import listing
from meguru.mlflow.artifacts.proxy_paths import SCHEME, ProxyEntry, run_named
from meguru.mlflow.logged_models import store
from meguru.mlflow.logged_models.search import search
from meguru.mlflow.logged_models.store import LoggedModel
from meguru.mlflow.protocol.calls import RequestArguments, route
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.mlflow.tracking.experiments import number_all
from meguru.tracking.ownership import check_writer, owner_of

_BASE = "/mlflow/logged-models"
PENDING = "LOGGED_MODEL_PENDING"
_STATUSES = {1: PENDING, 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}
_NAME = re.compile(r"[^/:.%\"']+")


def routes() -> list[Route]:
    """Return the routes of logged models, below ``/api/2.0`` and ``/ajax-api/2.0``."""
    one = _BASE + "/{model_id}"
    return [
        route(_BASE, {"POST": _create}),
        route(f"{_BASE}/search", {"POST": search}),
        route(one, {"GET": _get, "PATCH": _finalize, "DELETE": _delete}),
        route(f"{one}/params", {"POST": _add_params}),
        route(f"{one}/tags", {"PATCH": _set_tags}),
        route(f"{one}/tags/{{key:path}}", {"DELETE": _delete_tag}),
        route(f"{one}/artifacts/directories", {"GET": _directory}),
    ]


def _check_run(ctx: Context, model: LoggedModel) -> None:
    """Refuse who may not change the run that a model is logged to: the model is a part of it."""
    if run := run_named(ctx.tx, model.run, ctx.home):
        check_writer(ctx.principal, owner_of(ctx.tx, run), run, project=ctx.home)


@operation(
    "mlflow.create_logged_model",
    permission="run:write",
    door=DOOR,
    on="experiment",
    refers={"experiment": "experiment"},
)
def _made(ctx: Context, *, experiment: str, model: LoggedModel) -> dict[str, Any]:
    number = str(experiments.find(ctx.tx, experiment, ctx.home).id)
    _check_run(ctx, model)
    made = replace(model, experiment=number, created_at=ctx.now(), updated_at=ctx.now())
    store.keep(ctx.tx, made)
    ref, used = refs.make("logged_model", made.id), store.run_refs(ctx.tx, made.run, ctx.home)
    payload = {"name": made.name, "run": made.run, "experiment": made.experiment}
    ctx.emit("logged_model.created", ref, data=payload, used=used, produced=[ref])
    return store.answer(ctx.tx, made, ctx.home)


@operation(
    "mlflow.finish_logged_model",
    permission="run:write",
    door=DOOR,
    on="model",
    refers={"model": "logged_model"},
)
def _finished(ctx: Context, *, model: str, status: str) -> dict[str, Any]:
    # The list of a folder may be long, and becomes a blob: both before the transaction of the change.
    with ctx.ws.read() as tx:
        folder = store.folder(store.held(tx, model, ctx.home))
        files = proxy_paths.files(tx, ctx.blobs, proxy_paths.place_of(tx, folder, ctx.home))
    start = len(folder) + 1
    tree = put_entries(
        ctx.blobs, [TreeEntry(path=file.path[start:], digest=file.digest, size=file.size) for file in files]
    )
    logged_model = store.held(ctx.tx, model, ctx.home)
    _check_run(ctx, logged_model)
    changed = replace(logged_model, status=status, updated_at=ctx.now())
    store.keep(ctx.tx, changed)
    payload = {"status": status, "tree": tree, "files": len(files)}
    ctx.emit("logged_model.finished", refs.make("logged_model", model), data=payload)
    return store.answer(ctx.tx, changed, ctx.home)


@operation(
    "mlflow.change_logged_model",
    permission="run:write",
    door=DOOR,
    on="model",
    refers={"model": "logged_model"},
)
def _changed(
    ctx: Context, *, model: str, params: dict[str, str], tags: dict[str, str], dropped: str
) -> dict[str, Any]:
    logged_model = store.held(ctx.tx, model, ctx.home)
    _check_run(ctx, logged_model)
    for key, value in params.items():
        if logged_model.params.get(key, value) != value:
            raise invalid(f"Changing param values is not allowed. Param with key='{key}' was already logged.")
    if dropped and dropped not in logged_model.tags:
        raise store.no_tag(model, dropped)
    kept = {key: value for key, value in (logged_model.tags | tags).items() if key != dropped}
    changed = replace(logged_model, params=logged_model.params | params, tags=kept, updated_at=ctx.now())
    store.keep(ctx.tx, changed)
    payload = {"params": params, "tags": tags, "dropped": dropped}
    ctx.emit("logged_model.changed", refs.make("logged_model", model), data=payload)
    return store.answer(ctx.tx, changed, ctx.home)


@operation(
    "mlflow.delete_logged_model",
    permission="run:write",
    door=DOOR,
    on="model",
    refers={"model": "logged_model"},
)
def _removed(ctx: Context, *, model: str) -> None:
    logged_model = store.held(ctx.tx, model, ctx.home, deleted=True)
    _check_run(ctx, logged_model)
    store.keep(ctx.tx, replace(logged_model, deleted=True, updated_at=ctx.now()))
    ctx.emit("logged_model.removed", refs.make("logged_model", model))


@operation(
    "mlflow.get_logged_model",
    permission="run:read",
    query=True,
    door=DOOR,
    on="model",
    refers={"model": "logged_model"},
)
def _shown(ctx: Context, *, model: str, deleted: bool) -> dict[str, Any]:
    return store.answer(ctx.tx, store.held(ctx.tx, model, ctx.home, deleted=deleted), ctx.home)


@operation(
    "mlflow.list_logged_model_files",
    permission="run:read",
    query=True,
    door=DOOR,
    on="model",
    refers={"model": "logged_model"},
)
def _children(ctx: Context, *, model: str, path: str) -> tuple[str, list[ProxyEntry]]:
    folder = store.folder(store.held(ctx.tx, model, ctx.home))
    place = proxy_paths.place_of(ctx.tx, folder, ctx.home).below(path)
    return folder, proxy_paths.children(ctx.tx, ctx.blobs, place)


def _create(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    identity, experiment = f"m-{uuid4().hex}", given.required("experiment_id")
    if not experiment.isdecimal():
        raise invalid(f"Invalid experiment ID '{experiment[:80]}'. Experiment ID must be a valid integer.")
    number_all(ws)
    name = given.text("name") or f"model-{identity[2:10]}"
    if not _NAME.fullmatch(name) or len(name) > 500:
        raise invalid(
            f"Invalid model name ({name[:120]!r}) provided. Model name must be a non-empty string "
            "and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )
    wanted = LoggedModel(
        id=identity,
        experiment=experiment,
        name=name,
        model_type=given.text("model_type"),
        run=given.text("source_run_id"),
        status=PENDING,
        params=given.pairs("params"),
        tags=given.pairs("tags"),
        deleted=False,
        created_at=ws.clock.now(),
        updated_at=ws.clock.now(),
    )
    return {"model": _made(ws, experiment=experiment, model=wanted)}


def _get(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"model": _shown(ws, model=given.required("model_id"), deleted=given.flag("allow_deleted"))}


def _finalize(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    said = str(given.fields.get("status") or "") or given.required("status")
    status = _STATUSES.get(int(said), "") if said.isdecimal() and len(said) < 3 else said
    if status not in _STATUSES.values() or status == PENDING:
        raise invalid(f"Invalid model status: {said[:60]}. Expected LOGGED_MODEL_READY or _UPLOAD_FAILED.")
    return {"model": _finished(ws, model=given.required("model_id"), status=status)}


def _delete(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _removed(ws, model=given.required("model_id"))
    return {}


def _add_params(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _changed(ws, model=given.required("model_id"), params=given.pairs("params"), tags={}, dropped="")
    return {}


def _set_tags(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    model, tags = given.required("model_id"), given.pairs("tags")
    return {"model": _changed(ws, model=model, params={}, tags=tags, dropped="")}


def _delete_tag(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _changed(ws, model=given.required("model_id"), params={}, tags={}, dropped=given.required("key"))
    return {}


def _directory(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    path = given.text("artifact_directory_path").removesuffix("/")
    path = canonical_path(path) if path else ""
    folder, found = _children(ws, model=given.required("model_id"), path=path)
    return {"root_uri": SCHEME + folder, "files": listing(found, below=folder)}
