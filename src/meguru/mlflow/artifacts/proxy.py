"""The artifact proxy: files of runs and of logged models, up and down, kept by their digests."""

import asyncio
from contextlib import ExitStack
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from msgspec.structs import replace
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.requests import bounded, workspace_of
from meguru.api.transfers import received
from meguru.artifacts.trees import TreeEntry
from meguru.base import refs
from meguru.errors import Forbidden
from meguru.kernel.operations import Context, operation
from meguru.kernel.operations.authorise import log_refusal
from meguru.kernel.operations.execute import execute_grouped
from meguru.kernel.workspace import Workspace
from meguru.mlflow.artifacts import proxy_paths
from meguru.mlflow.artifacts.downloads import sent
from meguru.mlflow.artifacts.names import canonical_path, without_nul
from meguru.mlflow.artifacts.proxy_paths import ProxyEntry, ProxyPath
from meguru.mlflow.protocol.calls import RequestArguments, not_found, permit, reply, route, safely
from meguru.mlflow.protocol.errors import Refusal, invalid
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.storage.blobs import pending
from meguru.tracking.ownership import check_writer, owner_of

_SMALL = 1 << 20


def routes() -> list[Route]:
    """Return the routes of artifacts, below ``/api/2.0`` and ``/ajax-api/2.0``."""
    return [
        Route("/mlflow-artifacts/artifacts/{path:path}", safely(_file), methods=["GET", "PUT", "DELETE"]),
        route("/mlflow-artifacts/artifacts", {"GET": _list_proxied}),
        route("/mlflow/artifacts/list", {"GET": _list_of_run}),
    ]


def listing(found: list[ProxyEntry], *, below: str = "") -> list[dict[str, Any]]:
    """Return children as the protocol lists them, their paths relative to the folder `below`."""
    start = f"{below}/" if below else ""
    return [
        {"path": child.path.removeprefix(start), "is_dir": True}
        if child.is_dir
        else {"path": child.path.removeprefix(start), "is_dir": False, "file_size": child.size}
        for child in found
    ]


async def _file(request: Request) -> Response:
    return await answer(request, request.path_params["path"])


async def answer(request: Request, path: str) -> Response:
    """Take a file in at a path of the proxy, send it or remove it."""
    ws = workspace_of(request)
    if request.method == "PUT":
        checked = canonical_path(path)
        if not checked or path.endswith("/"):
            raise invalid("Artifact path must include a filename (cannot end with '/').")
        return await _upload(request, ws, checked)
    if request.method == "DELETE":
        await run_sync(lambda: _remove(ws, path=without_nul(path)))
        return reply({})
    if path == "":
        return reply(await run_sync(_list_proxied, ws, RequestArguments(dict(request.query_params))))
    checked, in_parts = canonical_path(path), "range" in request.headers
    asked = without_nul(path)
    return await run_sync(
        lambda: sent(ws.blobs.path(find(ws, path=asked).digest), checked, in_parts=in_parts)
    )


async def _upload(request: Request, ws: Workspace, path: str) -> Response:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) <= _SMALL:
        data = b"".join([chunk async for chunk in bounded(request, _SMALL)])
        # A key needs an operation of its own, which looks up and keeps the answer; PostgreSQL has no one
        # writer whose commit could be shared.
        if len(data) > pending.MAX_BYTES or not ws.db.is_sqlite or ws.idempotency_key:
            await run_sync(accept, ws, path, data)
            return reply({})
        if not ws.principal.allows(put.permission, ws.home):
            await run_sync(permit, ws, put)
        # On the one thread that writes, and answered after the commit; who comes meanwhile shares the next.
        try:
            await asyncio.wrap_future(ws.db.group_commit.submit(partial(_accept, ws, path, data)))
        except Forbidden as error:
            await run_sync(partial(log_refusal, ws, put.name, error, project=ws.home))
            raise
        return reply({})
    # Who may not write is told so before the bytes are taken in.
    await run_sync(lambda: _may_put(ws, path=path))
    async with received(request, ws) as draft:
        await run_sync(lambda: put(ws, path=path, digest=draft.keep(), size=draft.size))
    return reply({})


def accept(ws: Workspace, path: str, data: bytes) -> None:
    """Keep a small file at a path of the proxy."""
    permit(ws, put)
    digest = pending.write(ws.blobs, data)
    copy = data if len(data) <= pending.MAX_BYTES else b""
    given = {"path": path, "digest": digest, "size": len(data), "data": copy}
    execute_grouped(ws, put, given)


def place_to_write(ctx: Context, path: str) -> ProxyPath:
    """Return the place that a path names, if files may go there."""
    place = proxy_paths.place_of(ctx.tx, path, ctx.home)
    if place.kind == "version":
        raise Refusal("PERMISSION_DENIED", "A registered version never changes")
    if place.kind == "run":
        check_writer(ctx.principal, owner_of(ctx.tx, place.owner), place.owner, project=ctx.home)
    return place


def _accept(ws: Workspace, path: str, data: bytes, tx: Connection) -> None:
    digest = pending.write(ws.blobs, data)
    with ExitStack() as stack:
        ctx = Context(ws, put, stack, tx)
        put.function(ctx, path=path, digest=digest, size=len(data), data=data)


@operation("mlflow.may_put_file", permission="run:write", query=True, door=DOOR)
def _may_put(ctx: Context, *, path: str) -> None:
    place_to_write(ctx, path)


@operation("mlflow.put_file", permission="run:write", evented=False, quiet=True, door=DOOR)
def put(ctx: Context, *, path: str, digest: str, size: int, data: bytes = b"") -> None:
    """Keep a file whose blob is there, or whose bytes are given."""
    place = place_to_write(ctx, path)
    known = proxy_paths.file(ctx.tx, ctx.blobs, place)
    if known and known.digest == digest:
        return  # sent again: no event tells of what did not change
    pending.record(ctx.tx, ctx.blobs, digest, data)
    proxy_paths.put(ctx.tx, place, digest, size)
    if place.kind == "run":
        payload = {"path": place.path, "digest": digest}
        ctx.emit("run.artifact_added", refs.make("run", place.owner), data=payload)


@operation("mlflow.delete_file", permission="run:write", evented=False, door=DOOR)
def _remove(ctx: Context, *, path: str) -> None:
    place = place_to_write(ctx, path)
    if place.kind == "stored" and place.path == proxy_paths.loose(ctx.home):
        raise invalid("Invalid path")
    if (found := proxy_paths.file_asked_for(ctx.tx, ctx.blobs, place)) is not None:
        place = replace(place, path=found.path)
    if not proxy_paths.remove(ctx.tx, place):
        return
    subject = refs.make("run", place.owner) if place.kind == "run" else _files(ctx.home)
    ctx.emit("run.artifact_removed" if place.kind == "run" else "file.removed", subject, data={"path": path})


def _files(project: str) -> str:
    """Return what stands for the files of a project that belong to no run."""
    return refs.make("workspace", refs.within(project, "files"))


@operation("mlflow.get_file", permission="run:read", query=True, door=DOOR)
def find(ctx: Context, *, path: str) -> TreeEntry:
    """Return the file at a path of the proxy."""
    found = proxy_paths.file_asked_for(ctx.tx, ctx.blobs, proxy_paths.place_of(ctx.tx, path, ctx.home))
    if found is None:
        raise not_found(f"No artifact at {path[:200]}")
    return found


@operation("mlflow.list_files", permission="run:read", query=True, door=DOOR)
def _children_of(ctx: Context, *, path: str) -> tuple[ProxyPath, list[ProxyEntry]]:
    place = proxy_paths.place_of(ctx.tx, path, ctx.home)
    found = proxy_paths.children(ctx.tx, ctx.blobs, place)
    if place.kind == "stored":
        found = [each for each in found if proxy_paths.is_here(ctx.tx, each.path, ctx.home)]
    return place, found


@operation(
    "mlflow.list_files_of_run", permission="run:read", query=True, door=DOOR, on="run", refers={"run": "run"}
)
def _children_of_run(ctx: Context, *, run: str, path: str) -> tuple[str, list[ProxyEntry]]:
    identity = proxy_paths.run_named(ctx.tx, run, ctx.home)
    if not identity:
        raise not_found(f"Run with id={run[:200]} not found")
    place = ProxyPath(kind="run", owner=identity, path=path)
    return proxy_paths.root_of_run(ctx.tx, identity, ctx.home), proxy_paths.children(ctx.tx, ctx.blobs, place)


def _list_proxied(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    place, found = _children_of(ws, path=_folder(given))
    return {"files": listing(found, below=place.path)} if found else {}


def _list_of_run(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    run = given.text("run_id") or given.required("run_uuid")
    root, found = _children_of_run(ws, run=run, path=_folder(given))
    return {"root_uri": root, "files": listing(found)}


def _folder(given: RequestArguments) -> str:
    path = given.text("path").removesuffix("/")
    return canonical_path(path) if path else ""
