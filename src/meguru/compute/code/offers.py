"""Which steps installed packages offer, by their entry points in the group ``meguru.components``."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from meguru.compute.graph import Component
from meguru.errors import Conflict, NotFound

GROUP = "meguru.components"


def offers() -> list[EntryPoint]:
    """Return the entry points of all components that are installed, by name."""
    found = {(point.name, made_by(point).distribution): point for point in entry_points(group=GROUP)}
    return [found[key] for key in sorted(found)]


def offer_of(name: str) -> EntryPoint:
    """Return the entry point of one component."""
    distribution, slash, bare = name.rpartition("/")
    found = [
        point
        for point in offers()
        if point.name == bare and (not slash or made_by(point).distribution == distribution)
    ]
    if not found:
        known = sorted({point.name for point in offers()})
        hint = "" if known else f"no installed package has entry points in {GROUP!r}"
        raise NotFound.of("component", name, known, hint=hint)
    if len(found) > 1:
        sources = ", ".join(made_by(point).distribution for point in found)
        raise Conflict(
            f"several packages offer a component {bare}",
            why=sources,
            hint=f"write {made_by(found[0]).distribution}/{bare}",
        )
    return found[0]


def made_by(point: EntryPoint) -> Component:
    """Return the component of an entry point, with distribution and version."""
    dist = point.dist
    return Component(
        name=point.name,
        distribution=dist.name if dist else "",
        version=dist.version if dist else "",
    )


def module_of(name: str) -> str:
    """Return the top package of a component; empty if none is installed."""
    try:
        return offer_of(name).module.partition(".")[0]
    except (NotFound, Conflict):
        return ""
