"""The body of a request as a file: bounded, whatever its form."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio.to_thread import run_sync
from starlette.requests import Request

from meguru.api.requests import bounded
from meguru.errors import InvalidInput
from meguru.kernel.workspace import Workspace
from meguru.predictions.sources import Form

MAX_BYTES = 2 << 30
"""Bytes of a body at most."""
_PIECE = 1 << 20
_FORMS: dict[str, Form] = {
    "": "json",
    "application/json": "json",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "text/csv": "csv",
    "application/csv": "csv",
    "application/parquet": "parquet",
    "application/x-parquet": "parquet",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.file": "arrow",
    "application/vnd.apache.arrow.stream": "arrow",
    "application/x-www-form-urlencoded": "json",  # what curl says when it is told nothing
}


def form_of(request: Request) -> Form:
    """Return how the body is read, by its Content-Type."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise InvalidInput("a compressed body is not taken", field="Content-Encoding", hint="send it plain")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        hint = "application/json, application/x-ndjson, text/csv, application/vnd.apache.parquet, …arrow.file"
        raise InvalidInput(f"a body of the type {kind[:60]!r} is not taken", field="Content-Type", hint=hint)
    return _FORMS[kind]


@asynccontextmanager
async def body_as_file(request: Request, ws: Workspace) -> AsyncIterator[Path]:
    """Give the whole body as a file, which is gone when the block ends."""
    folder = ws.cache_folder("uploads")
    limit = min(MAX_BYTES, ws.settings.max_blob)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="recorded-") as file:
        pieces: list[bytes] = []
        size = 0
        async for piece in bounded(request, limit):
            pieces.append(piece)
            size += len(piece)
            if size >= _PIECE:
                await run_sync(file.write, b"".join(pieces))
                pieces, size = [], 0
        file.write(b"".join(pieces))
        file.flush()
        yield Path(file.name)
