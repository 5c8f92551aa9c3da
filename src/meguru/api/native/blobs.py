"""Upload and download blobs; a blob means nothing until an operation refers to it."""

from __future__ import annotations

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from meguru.api.requests import answer, workspace_of
from meguru.api.transfers import FileInPieces, received
from meguru.base import digests
from meguru.base.late import importing
from meguru.errors import DigestMismatch, InvalidInput
from meguru.kernel.operations.authorise import require
from meguru.kernel.workspace import Workspace


async def blob(request: Request) -> Response:
    """Answer GET, HEAD and PUT of one blob.

    A blob is of no project: who may read (or write) blobs in some project may read (or write) any whose
    digest it has. A digest can't be guessed, and is told only by things that one may see. Files with personal
    columns in clear are for those who may see these (``dataset:clear``).
    """
    ws = workspace_of(request)
    digest = digests.check_digest(request.path_params["digest"])
    writing = request.method == "PUT"
    permission, doing = ("blob:write", "blob.put") if writing else ("blob:read", "blob.get")
    if not ws.principal.allows(permission):
        await run_sync(require, ws, permission, doing)
    if writing:
        return await _put(request, ws, digest)
    await run_sync(_check_may_fetch, ws, digest)
    path = await run_sync(ws.blobs.path, digest)
    return FileInPieces(path, media_type="application/octet-stream", headers={"ETag": f'"{digest}"'})


def _check_may_fetch(ws: Workspace, digest: str) -> None:
    with importing:  # on a thread: it is much
        from meguru.datasets.personal.private_blobs import check_may_fetch
    check_may_fetch(ws, digest)


async def _put(request: Request, ws: Workspace, digest: str) -> Response:
    async with received(request, ws) as draft:
        found = draft.digest
        if found != digest:
            raise InvalidInput(
                "the bytes don't have the digest they were sent under",
                why=f"they have {found}; the upload was cut or changed on its way ({DigestMismatch.code})",
                field="digest",
            )
        await run_sync(draft.keep)
    return answer({"digest": digest}, 201)
