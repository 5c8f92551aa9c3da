"""Datasets in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from meguru.artifacts.catalogue import Described, Detail, users_of
from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.schema import dataset
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition


def described(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield all datasets of some projects (None: of all) with what people say of them."""
    mine = dataset.c
    query = select(mine.name, mine.spec).where(mine.retired_at.is_(None), condition(mine.name, projects))
    for name, spec in tx.execute(query):
        said = spec or {}
        yield Described(name, said.get("description", ""), said.get("owner", ""))


def detailed(ctx: Context, name: str) -> Detail:
    """Return how a dataset is."""
    newest = store.versions(ctx.tx, name, before=None, limit=1)
    users = users_of(ctx.tx, refs.make("dataset", name))
    if not newest:
        return Detail("no version yet", used_by=users)
    return Detail(f"@{newest[0].version}, {newest[0].rows:,} rows", newest[0].created_at, users)
