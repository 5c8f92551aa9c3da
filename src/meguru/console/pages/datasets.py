"""Datasets: the newest version of each; one with its columns, versions, sources and users."""

from __future__ import annotations

from starlette.responses import Response

from meguru.artifacts import lineage
from meguru.base import refs
from meguru.console.dataset_columns import columns_of
from meguru.console.dataset_source import source_part
from meguru.console.lineage import neighbours
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before, wanted
from meguru.datasets import show
from meguru.datasets.types import DatasetVersion
from meguru.datasets.versions.branches import branches
from meguru.datasets.versions.tags import tags
from meguru.errors import NotFound

WINDOW, USERS = 100, 30
USING = ("model", "endpoint", "feature_view", "feature_service", "release", "dataset", "collection")
"""The kinds of things that use data by name, as a page lists them."""


def listing(visit: Visit) -> Response:
    """Show the datasets with their newest version."""
    after = visit.asked("after")
    found = show.list_datasets(visit.ws, after=after, limit=WINDOW)
    return visit.render(
        "datasets.html",
        datasets=found.items,
        older=found.next_cursor,
        after=after,
        may_erase=visit.ws.principal.allows("dataset:erase"),
        live="dataset_version.",
    )


def one(visit: Visit) -> Response:
    """Show one version of a dataset (the newest, unless another is asked for) among the others."""
    before = number_before(visit)
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    versions = show.versions(visit.ws, name=version.name, before=before, limit=WINDOW)
    return visit.render(
        "dataset.html",
        version=version,
        versions=versions,
        older=versions[-1].version if len(versions) == WINDOW else "",
        before=before,
        columns=columns_of(visit, version),
        names=_names(visit, version),
        users=_users(visit, version),
        live="dataset_version.",
        **source_part(visit, version.name),
        **neighbours(visit, version.ref),
    )


def _names(visit: Visit, version: DatasetVersion) -> dict[int, list[str]]:
    """Return the names of tags and branches by the number of the version that they stand for."""
    found: dict[int, list[str]] = {}
    for tag in tags(visit.ws, name=version.name):
        found.setdefault(tag.version, []).append(tag.tag)
    for branch in branches(visit.ws, name=version.name):
        found.setdefault(branch.latest, []).append(visit.text("branch {name}", name=branch.branch))
    return found


def _users(visit: Visit, version: DatasetVersion) -> dict[str, list[str]]:
    """Return what was made from a version, also by way of others, by its kind."""
    try:
        edges = lineage.show(visit.ws, ref=version.ref, direction="down").edges
    except NotFound:
        edges = []
    found: dict[str, list[str]] = {}
    for target in dict.fromkeys(edge.target for edge in reversed(edges)):
        kind = refs.parse(target).kind
        if kind in USING and len(found.get(kind, [])) < USERS:
            found.setdefault(kind, []).append(target)
    return {kind: found[kind] for kind in USING if kind in found}


PAGES: dict[str, PageFunction] = {
    "/ui/datasets": listing,
    "/ui/datasets/{name}": one,
    "/ui/datasets/{name}/{version}": one,
}
