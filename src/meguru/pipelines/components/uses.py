"""Which steps of the newest pipelines use a component."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from meguru.pipelines import store
from meguru.pipelines.components.types import Use


def uses(tx: Connection, projects: AbstractSet[str] | None) -> dict[tuple[str, str], list[Use]]:
    """Return the steps in some projects (None: all) that use each component, by distribution and name."""
    found: dict[tuple[str, str], list[Use]] = {}
    for version in store.newest(tx, projects):
        for step in version.graph.steps:
            if step.component is not None:
                key = (step.component.distribution, step.component.name)
                use = Use(pipeline=version.name, step=step.key, version=step.component.version)
                found.setdefault(key, []).append(use)
    return found
