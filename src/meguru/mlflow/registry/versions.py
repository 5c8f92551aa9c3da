"""Versions of registered models: made from a folder, described, staged, searched and forgotten."""

from typing import Any

from msgspec.structs import replace
from starlette.routing import Route

from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.logged_models import store as logged_models_store
from meguru.mlflow.protocol.calls import RequestArguments, route
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.registry import store
from meguru.mlflow.registry.answers import (
    check_tags,
    held_model,
    held_version,
    is_of_prompt,
    number_of,
    stage_of,
    version_answer,
)
from meguru.mlflow.registry.names import named, own_name
from meguru.mlflow.registry.search import find_versions
from meguru.mlflow.registry.sources import SourceVerdict, VersionSource, completed, verify
from meguru.mlflow.registry.store import NO_STAGE, STAGE_PREFIX, ProtocolVersion
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.registry import alias_moves, aliases, stages
from meguru.registry import store as native
from meguru.registry.register import record
from meguru.registry.types import ModelVersion
from meguru.registry.unverified import record_unverified

_BASE = "/mlflow/model-versions"
ACTIVE_STAGES = ("Staging", "Production")


def routes() -> list[Route]:
    """Return the routes of model versions."""
    return [
        route(f"{_BASE}/create", {"POST": _create}),
        route(f"{_BASE}/get", {"GET": _get}),
        route(f"{_BASE}/update", {"PATCH": _update, "POST": _update}),
        route(f"{_BASE}/delete", {"DELETE": _delete}),
        route(f"{_BASE}/search", {"GET": _search, "POST": _search}),
        route(f"{_BASE}/get-download-uri", {"GET": _download}),
        route(f"{_BASE}/transition-stage", {"POST": _transition}),
        route(f"{_BASE}/set-tag", {"POST": _set_tag}),
        route(f"{_BASE}/delete-tag", {"DELETE": _delete_tag}),
    ]


@operation(
    "mlflow.create_model_version", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _made(
    ctx: Context, *, name: str, given: VersionSource, run_link: str, description: str, tags: dict[str, str]
) -> dict[str, Any]:
    # To load a model takes seconds: before the transaction, in which nobody else could write. What was found
    # is asked again in it.
    with ctx.ws.read() as tx:
        held_model(tx, name)
        given = completed(tx, given, project=ctx.home, is_prompt=is_of_prompt(tags))
    verdict = verify(ctx.ws, name, given, is_prompt=is_of_prompt(tags))
    held_model(ctx.tx, name)
    registered = _registered(ctx, name, given, verdict, description)
    protocol_version = ProtocolVersion(
        name=name,
        version=registered.version,
        source=given.source,
        storage=store.verified_storage(name, registered.version) if verdict.facts else verdict.storage,
        run=given.run,
        run_link=run_link,
        logged_model=given.logged_model,
        description=description,
        tags=tags,
        stage=NO_STAGE,
        reason=verdict.reason,
        deleted=False,
        created_by=ctx.principal.name,
        created_at=ctx.now(),
        updated_at=ctx.now(),
    )
    store.keep_version(ctx.tx, protocol_version)
    store.touch(ctx.tx, name, ctx.now())
    if protocol_version.logged_model:
        logged_models_store.tell_registered(
            ctx.tx, protocol_version.logged_model, own_name(name), protocol_version.version, project=ctx.home
        )
    return version_answer(protocol_version, {})


def _registered(
    ctx: Context, name: str, given: VersionSource, found: SourceVerdict, note: str
) -> ModelVersion:
    """Give the version its number in the registry, with what could be verified of it or why nothing could."""
    if found.facts is None:
        return record_unverified(
            ctx,
            name,
            reason=found.reason,
            source=given.source,
            used=found.used,
            claimed=found.claimed,
            note=note,
        )
    run = next((ref for ref in found.used if ref.startswith("run/")), "")
    return record(
        ctx,
        name,
        found.facts,
        metrics={},
        params={},
        run=run,
        used=[ref for ref in found.used if ref != run],
        note=note,
        again=True,
        claimed=found.claimed,
    )


@operation(
    "mlflow.change_model_version", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _changed(
    ctx: Context, *, name: str, version: int, description: str | None, tags: dict[str, str], dropped: str
) -> dict[str, Any]:
    protocol_version = held_version(ctx.tx, name, version)
    changed = replace(
        protocol_version,
        description=protocol_version.description if description is None else description,
        updated_at=protocol_version.updated_at if description is None else ctx.now(),
        tags={key: value for key, value in (protocol_version.tags | tags).items() if key != dropped},
    )
    store.keep_version(ctx.tx, changed)
    payload = {"description": description, "tags": tags, "dropped": dropped}
    ctx.emit("model_version.changed", refs.make("model", name, version), data=payload)
    return version_answer(changed, store.aliases(ctx.tx, name))


@operation(
    "mlflow.delete_model_version", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _forgotten(ctx: Context, *, name: str, version: int) -> None:
    protocol_version = held_version(ctx.tx, name, version)
    for alias, number in aliases_of(ctx, name).items():
        if number == version:
            alias_moves.end(ctx, name, alias)
    store.keep_version(ctx.tx, replace(protocol_version, deleted=True, updated_at=ctx.now()))
    native.remove_unverified(ctx.tx, name, version)
    store.touch(ctx.tx, name, ctx.now())
    ctx.emit("model_version.removed", refs.make("model", name, version), data={"by": "MLflow"})


def aliases_of(ctx: Context, name: str) -> dict[str, int]:
    """Return where all aliases of a model point, those that stand for stages too."""
    return {each.alias: aliases.number_of(each) for each in aliases.at(ctx.tx, name, None)}


@operation(
    "mlflow.transition_stage", permission="model:write", door=DOOR, on="name", refers={"name": "model"}
)
def _staged(ctx: Context, *, name: str, version: int, stage: str, archive: bool) -> dict[str, Any]:
    protocol_version = held_version(ctx.tx, name, version)
    if archive and stage not in ACTIVE_STAGES:
        raise invalid(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an "
            f"Active stage. Valid stages are {list(ACTIVE_STAGES)}"
        )
    if (declared := stages.rules_of(ctx.tx, name)) and stage != NO_STAGE:
        raise invalid(
            f"The stages of the model '{name}' were declared: {', '.join(declared)}. Move a version with "
            "meguru model stage"
        )
    for moved in {stage, protocol_version.stage} if stage != protocol_version.stage else ():
        # Also of a version that is not the newest one in it, at which the stage's alias does not point.
        alias_moves.check_owner(ctx, name, STAGE_PREFIX + moved.lower())
    if stage != protocol_version.stage:  # it may come to be the newest one when others leave
        alias_moves.ask_guard(ctx, name, STAGE_PREFIX + stage.lower(), version)
    now = ctx.now()
    if archive:
        for other in store.versions(ctx.tx, name):
            if other.stage == stage and other.version != version:
                store.keep_version(ctx.tx, replace(other, stage="Archived", updated_at=now))
    changed = replace(protocol_version, stage=stage, updated_at=now)
    store.keep_version(ctx.tx, changed)
    store.touch(ctx.tx, name, now)
    payload = {"stage": stage, "before": protocol_version.stage, "archived_others": archive}
    ctx.emit("model_version.staged", refs.make("model", name, version), data=payload)
    _follow(ctx, name)
    return version_answer(changed, store.aliases(ctx.tx, name))


def _follow(ctx: Context, name: str) -> None:
    """Point the alias of each stage at the newest version that is in it."""
    newest = {
        protocol_version.stage: protocol_version.version for protocol_version in store.versions(ctx.tx, name)
    }
    for stage in ACTIVE_STAGES:
        alias = STAGE_PREFIX + stage.lower()
        if stage in newest:
            alias_moves.point(ctx, name, alias, newest[stage], reason="MLflow")
        else:
            alias_moves.end(ctx, name, alias)


@operation(
    "mlflow.get_model_version",
    permission="model:read",
    query=True,
    door=DOOR,
    on="name",
    refers={"name": "model"},
)
def _shown(ctx: Context, *, name: str, version: int) -> dict[str, Any]:
    return version_answer(held_version(ctx.tx, name, version), store.aliases(ctx.tx, name))


@operation(
    "mlflow.get_download_uri",
    permission="model:read",
    query=True,
    door=DOOR,
    on="name",
    refers={"name": "model"},
)
def _storage(ctx: Context, *, name: str, version: int) -> str:
    return held_version(ctx.tx, name, version).storage


@operation("mlflow.search_model_versions", permission="model:read", query=True, door=DOOR)
def _found(
    ctx: Context, *, filter: str, order_by: list[str], token: str, limit: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    pairs, following = find_versions(
        ctx.tx, filter=filter, order_by=order_by, token=token, limit=limit, project=ctx.home
    )
    versions = store.picked(ctx.tx, pairs)
    pointing = store.aliases_of(ctx.tx, [name for name, _ in pairs])
    more = {"next_page_token": following} if following else {}
    return [version_answer(version, pointing[version.name]) for version in versions], more


def _create(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    source = VersionSource(
        source=given.required("source"), run=given.text("run_id"), logged_model=given.text("model_id")
    )
    made = _made(
        ws,
        name=named(ws, given),
        given=source,
        run_link=given.text("run_link"),
        description=given.text("description"),
        tags=check_tags(given.pairs("tags")),
    )
    return {"model_version": made}


def _which(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"name": named(ws, given, versioned=True), "version": number_of(given.required("version"))}


def _get(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"model_version": _shown(ws, **_which(ws, given))}


def _update(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    words = given.text("description")
    return {"model_version": _changed(ws, **_which(ws, given), description=words, tags={}, dropped="")}


def _delete(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _forgotten(ws, **_which(ws, given))
    return {}


def _search(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    found, more = _found(
        ws,
        filter=given.text("filter"),
        order_by=given.texts("order_by"),
        token=given.text("page_token"),
        limit=given.number("max_results", 10_000, most=200_000),
    )
    return {"model_versions": found, **more}


def _download(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    return {"artifact_uri": _storage(ws, **_which(ws, given))}


def _transition(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    stage = stage_of(given.required("stage"))
    archive = given.flag("archive_existing_versions")
    return {"model_version": _staged(ws, **_which(ws, given), stage=stage, archive=archive)}


def _set_tag(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    tags = check_tags({given.required("key"): given.text("value")})
    _changed(ws, **_which(ws, given), description=None, tags=tags, dropped="")
    return {}


def _delete_tag(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    _changed(ws, **_which(ws, given), description=None, tags={}, dropped=given.required("key"))
    return {}
