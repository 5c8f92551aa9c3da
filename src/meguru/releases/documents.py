"""What people wrote about a release's model, and answer for: a part of what is approved."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from meguru.kernel.kinds import provided
from meguru.releases.types import ReleasePart

FAMILY = "release document"
"""Kinds that have such words: ``f(tx, endpoint, model) -> list[ReleasePart]``, of an endpoint's name and
a model version's reference. The digest is of the words alone: what changes by itself (a metric of
yesterday) would void each approval."""

_Reader = Callable[[Connection, str, str], list[ReleasePart]]


def documents_of(tx: Connection, endpoint: str, model: str) -> list[ReleasePart]:
    """Return the present documents of a model version at an endpoint, in the order of their references."""
    family = provided(FAMILY)
    parts: list[ReleasePart] = []
    for kind in family.names():
        read: _Reader = family.load(kind)
        parts += read(tx, endpoint, model)
    return sorted(parts, key=lambda part: part.ref)
