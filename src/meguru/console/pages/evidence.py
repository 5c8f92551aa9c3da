"""The evidence of a release, as the file that `meguru evidence verify` checks."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from meguru.base import refs
from meguru.console.page_request import HEADERS, PageFunction, Visit
from meguru.evidence.export import export

_CHUNK = 1 << 18


def file(visit: Visit) -> Response:
    """Give the evidence of one release as a file to keep."""
    # Whoever is first makes the server's key: not in the one transaction that a page has.
    pack = export(
        visit.ws.outside(), release=refs.make("release", visit.full("name"), visit.named("version"))
    )
    name = pack.name.encode("ascii", "replace").decode().replace("?", "_")
    headers = HEADERS | {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(len(pack.data)),
    }
    return StreamingResponse(_chunks(pack.data), 200, headers, "application/zip")


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]


PAGES: dict[str, PageFunction] = {"/ui/releases/{name}/{version}/evidence": file}
