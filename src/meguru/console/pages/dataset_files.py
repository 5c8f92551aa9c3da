"""The files of a version whose rows are files: small pictures of images, and what the others are."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_of, wanted
from meguru.datasets import show
from meguru.datasets.folders import browse

WINDOW = 60
EDGE = 192
HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=3600",  # a version never changes
}


class ShownFile(msgspec.Struct, kw_only=True):
    """A file as it is shown; `picture` is the address of its small picture, empty if there is none."""

    file: browse.BrowsedFile
    picture: str
    size: str


def files(visit: Visit) -> Response:
    """Show files of a version by path, some at a time."""
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    after = visit.asked("after")
    found: list[browse.BrowsedFile] = []
    older = ""
    if version.format == "files":
        page = browse.browse(visit.ws, ref=version.ref, after=after, limit=WINDOW)
        found, older = page.items, page.next_cursor
    address = f"{visit.url_of(version.ref)}/thumbnail"
    return visit.render(
        "dataset_files.html",
        version=version,
        files=[_shown(each, address) for each in found],
        older=older,
        after=after,
        live="",
    )


def thumbnail(visit: Visit) -> Response:
    """Give a small picture of an image."""
    edge = number_of(visit, "edge") or EDGE
    path = visit.request.query_params.get("path", "")
    found = browse.thumbnail(visit.ws, ref=wanted(visit, "dataset"), path=path, edge=edge)
    return Response(found.data, media_type=found.media_type, headers=HEADERS)


def _shown(file: browse.BrowsedFile, address: str) -> ShownFile:
    size = f"{file.width} × {file.height}" if file.width and file.height else ""
    picture = f"{address}?{urlencode({'path': file.path})}" if file.is_picture else ""
    return ShownFile(file=file, picture=picture, size=size)


PAGES: dict[str, PageFunction] = {
    "/ui/datasets/{name}/{version}/files": files,
    "/ui/datasets/{name}/{version}/thumbnail": thumbnail,
}
