"""Which of some runs are of projects that somebody sees."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.kernel.projects import condition
from meguru.tracking.schema import run as table


def visible_runs(tx: Connection, runs: Sequence[str], projects: AbstractSet[str] | None) -> list[str]:
    """Return the ids of those of some runs that are of some projects; None: all, and nobody looks."""
    ids = [refs.parse(text, kind="run").name for text in runs]
    if projects is None:
        return ids
    query = select(table.c.id).where(table.c.id.in_(ids), condition(table.c.experiment, projects))
    seen = set(tx.execute(query).scalars())
    return [each for each in ids if each in seen]
