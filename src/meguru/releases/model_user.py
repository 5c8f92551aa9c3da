"""Releases as users of models: see `meguru.registry.usage`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.registry.types import ModelUse
from meguru.releases.schema import release
from meguru.releases.types import ReleaseState

_OPEN = (ReleaseState.CREATED, ReleaseState.PASSED, ReleaseState.UNDECIDED)


def uses(tx: Connection, name: str) -> list[ModelUse]:
    """Return the releases of a model's versions that may still go live."""
    query = select(release.c.endpoint, release.c.version, release.c.model).where(
        release.c.model.startswith(f"{refs.make('model', name)}@", autoescape=True),
        release.c.state.in_([each.value for each in _OPEN]),
    )
    return [
        ModelUse(ref=refs.make("release", row.endpoint, row.version), how="release", version=row.model)
        for row in tx.execute(query.limit(1000))
    ]
