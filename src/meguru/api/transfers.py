"""Large bodies: a thread writes or reads a piece of them while another is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from anyio import CancelScope
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import FileResponse

from meguru.api.requests import bounded
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.incoming import Incoming

PIECE = 1 << 20
"""So many bytes are handed to a thread at a time: to wake one for each packet costs more than its work."""


class FileInPieces(FileResponse):
    """A file as an answer, in few pieces."""

    chunk_size = PIECE


@asynccontextmanager
async def received(request: Request, ws: Workspace) -> AsyncIterator[Incoming]:
    """Give the whole body as a draft; what is not kept when the block ends leaves nothing."""
    draft = await run_sync(Incoming, ws.blobs, ws.cache_folder("uploads"))
    writing: asyncio.Task[None] | None = None
    try:
        async for pieces in _batches(request, ws.settings.max_blob):
            if writing:
                await writing
            writing = asyncio.create_task(run_sync(partial(draft.write, pieces)))
        if writing:
            await writing
        yield draft
    finally:
        # Also when the server stops, and ends what is under way.
        with CancelScope(shield=True):
            if writing and not writing.done():
                with suppress(Exception):
                    await writing
            await run_sync(draft.drop)


async def _batches(request: Request, limit: int) -> AsyncIterator[list[bytes]]:
    pieces: list[bytes] = []
    size = 0
    async for piece in bounded(request, limit):
        pieces.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield pieces
            pieces, size = [], 0
    if pieces:
        yield pieces
