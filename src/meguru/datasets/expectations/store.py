"""SQL of what came of expectations, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from meguru.datasets.expectations.schema import dataset_check
from meguru.datasets.expectations.types import DatasetCheck, ExpectationResult

MAX_REFUSALS = 100
"""So many refusals of a dataset are remembered; what came of versions stays as they do."""


def add(tx: Connection, check: DatasetCheck) -> None:
    """Write what came of the expectations of one version; of very many refusals the oldest go."""
    tx.execute(insert(dataset_check).values(msgspec.to_builtins(check) | {"at": check.at}))
    if check.version == 0:
        mine = dataset_check.c
        # A source that is refused every minute would fill the table.
        refused = select(mine.id).where(mine.name == check.name, mine.version == 0)
        old = list(tx.execute(refused.order_by(mine.id.desc()).offset(MAX_REFUSALS)).scalars())
        if old:
            tx.execute(delete(dataset_check).where(mine.id.in_(old)))


def page(
    tx: Connection, name: str, *, version: int | None = None, before: str = "", limit: int
) -> list[DatasetCheck]:
    """Return what came of the expectations of a dataset (`version` 0: of refusals), newest first."""
    mine = dataset_check.c
    query = select(dataset_check).where(mine.name == name)
    if version is not None:
        query = query.where(mine.version == version)
    if before:
        query = query.where(mine.id < before)
    rows = tx.execute(query.order_by(mine.id.desc()).limit(limit))
    return [_from_row(row) for row in rows]


def forget_samples(tx: Connection, name: str, versions: Sequence[int] | None = None) -> None:
    """Take the shown rows away from what came of a dataset's versions (0: of refusals; None: of all)."""
    mine = dataset_check.c
    query = select(mine.id, mine.results).where(mine.name == name)
    if versions is not None:
        query = query.where(mine.version.in_(versions))
    for row in tx.execute(query).all():
        bare = [
            msgspec.structs.replace(result, sample=[])
            for result in msgspec.convert(row.results, list[ExpectationResult])
        ]
        tx.execute(update(dataset_check).where(mine.id == row.id).values(results=msgspec.to_builtins(bare)))


def _from_row(row: Row[Any]) -> DatasetCheck:
    results = msgspec.convert(row.results, list[ExpectationResult])
    return DatasetCheck(**dict(row._mapping) | {"results": results})
