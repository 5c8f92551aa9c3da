"""The stylesheet, scripts and icon, served under their digest, so that a browser keeps them."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from meguru.base import digests

FOLDER = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


@lru_cache(maxsize=1)
def version() -> str:
    """Return one digest of all files."""
    names = sorted(path.name for path in FOLDER.iterdir() if path.suffix in KINDS)
    return digests.of_value([[name, digests.of_file(FOLDER / name)] for name in names])[:16]


def url(name: str) -> str:
    """Return where a file is served."""
    return f"/ui/static/{version()}/{name}"


@lru_cache(maxsize=1)
def _files() -> dict[str, tuple[bytes, bytes]]:
    """Return all files by name, plain and packed: a few small ones, which every page asks for."""
    found = ((path.name, path.read_bytes()) for path in FOLDER.iterdir() if path.suffix in KINDS)
    return {name: (data, gzip.compress(data, 9, mtime=0)) for name, data in found}


async def serve(request: Request) -> Response:
    """Answer with one file; one asked for under an old digest is not kept by the browser."""
    name = str(request.path_params["name"])
    found = _files().get(name)
    if found is None:
        return PlainTextResponse("not found", 404)
    plain, packed = found
    kind = KINDS[Path(name).suffix]
    fresh = request.path_params["version"] == version()
    headers = {
        "Cache-Control": FOREVER if fresh else "no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    # The digest in the path is of all files together: a page never mixes a script of one release with the
    # stylesheet of another.
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(plain, media_type=kind, headers=headers)
