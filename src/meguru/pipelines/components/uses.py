"""Which steps of the newest pipelines use a component."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from meguru.pipelines import store
from meguru.pipelines.components.types import Use
from meguru.pipelines.types import PipelineVersion

_PAGE = 100


def newest(tx: Connection) -> Iterator[PipelineVersion]:
    """Yield the newest version of every pipeline, by name."""
    after = ""
    while True:
        found = store.page(tx, after=after, limit=_PAGE)
        for one in found:
            yield store.get(tx, one.name, one.version)
        if len(found) < _PAGE:
            return
        after = found[-1].name


def uses(tx: Connection) -> dict[tuple[str, str], list[Use]]:
    """Return the steps that use each component, by its distribution and name."""
    found: dict[tuple[str, str], list[Use]] = {}
    for version in newest(tx):
        for step in version.graph.steps:
            if step.component is not None:
                key = (step.component.distribution, step.component.name)
                use = Use(pipeline=version.name, step=step.key, version=step.component.version)
                found.setdefault(key, []).append(use)
    return found
