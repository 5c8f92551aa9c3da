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


@lru_cache(maxsize=32)
def _content(name: str) -> tuple[bytes, bytes]:
    data = (FOLDER / name).read_bytes()
    return data, gzip.compress(data, 9, mtime=0)


def serve(request: Request) -> Response:
    """Answer with one file; one asked for under an old digest is not kept by the browser."""
    name = str(request.path_params["name"])
    kind = KINDS.get(Path(name).suffix)
    if kind is None or "/" in name or not (FOLDER / name).is_file():
        return PlainTextResponse("not found", 404)
    plain, packed = _content(name)
    fresh = request.path_params["version"] == version()
    headers = {
        "Cache-Control": FOREVER if fresh else "no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(plain, media_type=kind, headers=headers)
