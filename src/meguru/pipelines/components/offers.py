"""The steps that installed packages offer: one by its name, and which steps of a graph are such."""

from __future__ import annotations

import functools
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.compute.code.offers import GROUP, made_by, offer_of
from meguru.compute.graph import Component, Graph
from meguru.errors import InvalidInput
from meguru.pipelines.authoring import StepFunction

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


def component(name: str, *, version: str = "") -> StepFunction[..., Any]:
    """Return the step that an installed package offers under a name.

    Parameters
    ----------
    name
        Its name, such as ``clean-text``; ``DISTRIBUTION/NAME`` where several packages offer one.
    version
        Versions of the package that will do, such as ``>=1.2,<2``; default: any.

    Raises
    ------
    NotFound
        If no package offers it; the message has names that look like it.
    InvalidInput
        If the version that is installed is another, or what is offered is no step.
    """
    point = offer_of(name)
    wanted = _specifiers(version)
    found = made_by(point)
    if not wanted.contains(found.version, prereleases=True):
        raise InvalidInput(
            f"component {found.name} is installed as {found.distribution} {found.version}",
            why=f"{version!r} is wanted",
            field="version",
            hint=f"pip install {found.distribution + version!r}, or change the version that is asked for",
        )
    offered = point.load()
    if not isinstance(offered, StepFunction):
        raise InvalidInput(
            f"component {found.name} of {found.distribution} is no step",
            why=f"{point.value} is a {type(offered).__name__}",
            hint="its author marks the function with @step",
        )
    offered.component = found
    return offered


def mark(graph: Graph) -> Graph:
    """Write into a graph which of its steps are components, however the author came by them."""
    known = _by_place() if any(step.function for step in graph.steps) else {}
    if not known:
        return graph
    steps = [
        msgspec.structs.replace(step, component=known.get(step.function, step.component))
        for step in graph.steps
    ]
    return msgspec.structs.replace(graph, steps=steps)


def _by_place() -> dict[str, Component]:
    return {f"{point.module}:{point.attr}": made_by(point) for point in entry_points(group=GROUP)}


@functools.lru_cache(maxsize=64)
def _specifiers(text: str) -> SpecifierSet:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise InvalidInput(
            f"{text!r} names no versions", field="version", hint="write them like >=1.2,<2"
        ) from error
