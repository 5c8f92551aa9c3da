"""A file in parts through the proxy: declared, its parts sent to this server, then completed or aborted.

MLflow's clients are told where each part goes, and send it there with the headers they are told. So that a
part is sent by who declared the upload and by nobody else, these are the headers the declaration came with.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from typing import Any
from urllib.parse import quote
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.requests import workspace_of
from meguru.api.transfers import received
from meguru.artifacts.uploads import store
from meguru.artifacts.uploads.join import join
from meguru.artifacts.uploads.types import LIFETIME, MAX_PARTS, Upload, UploadPart
from meguru.base.ids import new_id
from meguru.kernel.operations import Context, operation
from meguru.kernel.operations.execute import execute_grouped
from meguru.kernel.workspace import Workspace
from meguru.mlflow.artifacts import proxy_paths
from meguru.mlflow.artifacts.names import canonical_path
from meguru.mlflow.artifacts.proxy import find, place_to_write, put
from meguru.mlflow.protocol.calls import (
    RequestArguments,
    in_project,
    not_found,
    read_arguments,
    reply,
    safely,
    wrong_type,
)
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.storage.blobs.parts import Parts, parts_of

_turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
"""Locks of uploads that are being completed or aborted; one that nobody holds or waits for is collected."""


def routes() -> list[Route]:
    """Return the routes of uploads in parts, below ``/api/2.0`` and ``/ajax-api/2.0``."""
    part = Route("/mlflow-artifacts/mpu/parts/{upload}/{number}", safely(_take), methods=["PUT"])
    presigned = Route("/mlflow-artifacts/presigned/{path:path}", safely(_presigned), methods=["GET"])
    verbs = {"create": _create, "complete": _complete, "abort": _abort}
    asked = [
        Route(f"/mlflow-artifacts/mpu/{verb}{rest}", safely(handler), methods=["POST"])
        for verb, handler in verbs.items()
        for rest in ("/{folder:path}", "")
    ]
    return [part, presigned, *asked]


async def _create(request: Request) -> Response:
    ws, given = await _read(request)
    target = _target(given)
    count = given.number("num_parts", 1, most=MAX_PARTS)
    upload = await run_sync(lambda: _declare(ws, target=target, parts=count))
    way, headers = f"{_root(request)}/mpu/parts/{upload.id}", _headers(request)
    numbers = range(1, count + 1)
    credentials = [
        {"url": f"{way}/{number}", "part_number": number, "headers": headers} for number in numbers
    ]
    return _private({"upload_id": upload.id, "credentials": credentials})


async def _take(request: Request) -> Response:
    """Take a part in; sent again, it takes the place of what came before."""
    ws = workspace_of(request)
    id, text = request.path_params["upload"], request.path_params["number"]
    if not re.fullmatch(r"[1-9]\d{0,5}", text, re.ASCII):
        raise invalid(f"Invalid part number {text[:20]!r}")
    number = int(text)
    # Who may not send it is told so before the bytes are taken in; whether the upload is still open is asked
    # again, under its lock, when they are here.
    await run_sync(lambda: _may_take(ws, upload=id, number=number))
    async with received(request, ws) as draft:
        part = UploadPart(number=number, digest=draft.digest, size=draft.size)

        def keep() -> None:
            # The bytes before the row that names them: a crash in between leaves a part that the sweep of
            # uploads finds, and no row without bytes.
            parts = _kept(ws)
            draft.keep_part(parts, id, part.name)
            _take_part(ws, parts, id, part)

        await run_sync(keep)
    return reply({}, headers={"ETag": f'"{part.digest}"'})


async def _complete(request: Request) -> Response:
    ws, given = await _read(request)
    target, id, tags = _target(given), given.required("upload_id"), _tags(given)
    # Whoever asks again, because the answer takes its time, waits for it, and gets the same.
    async with _turn(id):
        await run_sync(_put_together, ws, target, id, tags)
    return reply({})


async def _abort(request: Request) -> Response:
    ws, given = await _read(request)
    target, id = _target(given), given.required("upload_id")
    async with _turn(id):
        await run_sync(lambda: _end(ws, target=target, upload=id))
        await run_sync(_kept(ws).drop, id)
    return reply({})


async def _presigned(request: Request) -> Response:
    """Tell where a file can be had in ranges: at its address in the proxy, as always."""
    ws, path = workspace_of(request), canonical_path(request.path_params["path"])
    size = (await run_sync(lambda: find(ws, path=path))).size
    url = f"{_root(request)}/artifacts/{quote(path)}"
    return _private({"url": url, "headers": _headers(request), "file_size": size})


def _put_together(ws: Workspace, target: str, id: str, tags: dict[int, str]) -> None:
    upload, parts = _look(ws, target=target, upload=id)
    if upload.digest:
        return
    _check(upload, parts, tags)
    kept = _kept(ws)
    draft = join(ws.blobs, ws.cache_folder("uploads"), kept, upload, parts)
    try:
        size, digest = draft.size, draft.keep()
    finally:
        draft.drop()
    _finish(ws, target=target, upload=id, digest=digest, size=size)
    kept.drop(id)  # last: until the file is kept under its name, completing can be tried again


def _take_part(ws: Workspace, parts: Parts, id: str, part: UploadPart) -> None:
    given = {"upload": id, "number": part.number, "digest": part.digest, "size": part.size}
    try:
        before = execute_grouped(ws, _keep_part, given)
    except Exception:
        _drop_unless_known(ws, parts, id, part)
        raise
    if before and before.name != part.name:
        parts.drop(id, before.name)


def _drop_unless_known(ws: Workspace, parts: Parts, id: str, part: UploadPart) -> None:
    # The upload may have ended meanwhile, or the same bytes may have come before.
    with ws.read() as tx:
        known = part in store.parts(tx, id)
    if not known:
        parts.drop(id, part.name)


@operation("mlflow.declare_upload", permission="run:write", evented=False, door=DOOR)
def _declare(ctx: Context, *, target: str, parts: int) -> Upload:
    place_to_write(ctx, target)
    now = ctx.now()
    upload = Upload(
        id=new_id("upl"),
        target=target,
        parts=parts,
        principal=ctx.principal.name,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    store.add(ctx.tx, upload)
    return upload


@operation(
    "mlflow.may_send_part",
    permission="run:write",
    query=True,
    door=DOOR,
    on="upload",
    refers={"upload": "upload"},
)
def _may_take(ctx: Context, *, upload: str, number: int) -> None:
    held = _held(ctx, upload)
    if held.digest:
        raise invalid(f"Upload {held.id} is complete")
    if number > held.parts:
        raise invalid(f"Upload {held.id} has {held.parts} parts, and no part {number}")


@operation(
    "mlflow.keep_part",
    permission="run:write",
    evented=False,
    quiet=True,
    door=DOOR,
    on="upload",
    refers={"upload": "upload"},
)
def _keep_part(ctx: Context, *, upload: str, number: int, digest: str, size: int) -> UploadPart | None:
    held = _held(ctx, upload, lock=True)
    if held.digest:
        raise invalid(f"Upload {held.id} is complete")
    most = ctx.settings.max_blob
    if store.bytes_beside(ctx.tx, upload, number) + size > most:
        raise invalid(f"The parts of upload {held.id} are too large together: at most {most:,} bytes")
    return store.put_part(ctx.tx, upload, UploadPart(number=number, digest=digest, size=size))


@operation(
    "mlflow.get_upload",
    permission="run:write",
    query=True,
    door=DOOR,
    on="upload",
    refers={"upload": "upload"},
)
def _look(ctx: Context, *, target: str, upload: str) -> tuple[Upload, list[UploadPart]]:
    return _held(ctx, upload, target=target), store.parts(ctx.tx, upload)


@operation(
    "mlflow.finish_upload",
    permission="run:write",
    evented=False,
    door=DOOR,
    on="upload",
    refers={"upload": "upload"},
)
def _finish(ctx: Context, *, target: str, upload: str, digest: str, size: int) -> None:
    if _held(ctx, upload, target=target, lock=True).digest:
        return  # by another server, just now: `_turn` is of this process alone
    ctx.execute(put, {"path": target, "digest": digest, "size": size})
    store.complete(ctx.tx, upload, digest)


@operation(
    "mlflow.abort_upload",
    permission="run:write",
    evented=False,
    door=DOOR,
    on="upload",
    refers={"upload": "upload"},
)
def _end(ctx: Context, *, target: str, upload: str) -> None:
    if _held(ctx, upload, target=target, lock=True).digest:
        raise not_found(f"Upload {upload[:64]} is complete already: delete the file instead")
    store.remove(ctx.tx, upload)


def _held(ctx: Context, id: str, *, target: str | None = None, lock: bool = False) -> Upload:
    upload = store.find(ctx.tx, id, lock=lock)
    if upload is None or upload.expires_at <= ctx.now():
        raise not_found(f"There is no upload {id[:64]}: it was aborted, or its time is over")
    proxy_paths.place_of(ctx.tx, upload.target, ctx.home)  # of another project: then it is not there
    if target is not None and upload.target != target:
        raise invalid(f"Upload {upload.id} is of another file than {target[:200]}")
    return upload


def _check(upload: Upload, parts: list[UploadPart], tags: dict[int, str]) -> None:
    """Refuse to complete an upload unless all its parts are there, as the client saw them."""
    there = {part.number: part.digest for part in parts}
    for number in range(1, upload.parts + 1):
        if number not in there:
            raise invalid(f"Part {number} of {upload.parts} was not sent")
        if number not in tags:
            raise invalid(f"Part {number} of {upload.parts} is not among the parts to complete")
        if tags[number] != there[number]:
            raise invalid(f"The ETag of part {number} is not that of the part that was sent")
    if len(tags) > upload.parts:
        raise invalid(f"Upload {upload.id} has {upload.parts} parts, not {len(tags)}")


def _tags(given: RequestArguments) -> dict[int, str]:
    value = given.fields.get("parts")
    if not value:
        raise invalid("Missing value for required parameter 'parts'. See the API docs for more.")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong_type("parts", value)
    read = [RequestArguments(item) for item in value]
    tags = {part.number("part_number", 0, most=MAX_PARTS): part.required("etag").strip('"') for part in read}
    if len(tags) != len(read):
        raise invalid("Each part number is given once")
    return tags


def _target(given: RequestArguments) -> str:
    """Return where the file goes: into the folder of the address, by the name it has on the client."""
    name = re.split(r"[/\\]", given.required("path"))[-1]
    if name in {"", ".", ".."}:
        raise invalid("Invalid path")
    folder = given.text("folder").removesuffix("/")
    return canonical_path(posixpath.join(canonical_path(folder) if folder else "", name))


async def _read(request: Request) -> tuple[Workspace, RequestArguments]:
    ws = workspace_of(request)
    return ws, await read_arguments(request, ws.settings.max_body)


def _turn(upload: str) -> asyncio.Lock:
    key = (id(asyncio.get_running_loop()), upload)  # a lock is of one loop; other servers see the database
    lock = _turns.get(key)
    if lock is None:
        lock = _turns[key] = asyncio.Lock()
    return lock


def _kept(ws: Workspace) -> Parts:
    return parts_of(ws.blobs, ws.cache_folder("uploads"))


def _root(request: Request) -> str:
    """Return the proxy's address as the client knows this server."""
    place, below = request.base_url, request.scope.get("root_path", "")
    within = in_project(workspace_of(request))
    return f"{place.scheme}://{place.netloc}{within}{below}/mlflow-artifacts"


def _headers(request: Request) -> dict[str, str]:
    given = request.headers.get("authorization")
    return {"Authorization": given} if given else {}


def _private(value: Any) -> Response:
    return reply(value, headers={"Cache-Control": "no-store"})
