"""SQL of backfills and their partitions; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from meguru.backfills.schema import backfill, backfill_partition
from meguru.backfills.types import Backfill, BackfillState, Partition, PartitionCounts, PartitionState
from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.pipelines.schema import pipeline_run
from meguru.pipelines.types import FINAL as RUN_FINAL

_DERIVED = {"counts", "seconds_left", "stopped"}
_BAD = (PartitionState.FAILED.value, PartitionState.CANCELLED.value)
_MAX_TIMED = 20
"""Partitions whose times make the estimate: of the last ones, for how long they take may change."""


def add(tx: Connection, made: Backfill, keys: Sequence[str]) -> None:
    """Write a new backfill with its partitions, in the order in which their turn comes."""
    values = {key: value for key, value in msgspec.structs.asdict(made).items() if key not in _DERIVED}
    tx.execute(insert(backfill).values(values))
    rows = [
        msgspec.structs.asdict(
            Partition(backfill=made.id, position=position, key=key, state=PartitionState.WAITING)
        )
        for position, key in enumerate(keys)
    ]
    tx.execute(insert(backfill_partition), rows)


def get(tx: Connection, ref: str, *, lock: bool = False) -> Backfill:
    """Return a backfill with its counts, by id or reference; `lock` it till the transaction ends."""
    wanted = refs.parse(ref, kind="backfill").name
    query = select(backfill).where(backfill.c.id == wanted)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        recent = tx.execute(select(backfill.c.id).order_by(backfill.c.id.desc()).limit(100)).scalars()
        raise NotFound.of("backfill", wanted, list(recent), hint="they are listed by: meguru backfill list")
    return _whole(tx, [row])[0]


def project_of(tx: Connection, backfill_id: str) -> str | None:
    """Return the project of a backfill, which is its pipeline's; None if there is no such backfill."""
    name = tx.execute(select(backfill.c.pipeline).where(backfill.c.id == backfill_id)).scalar()
    return None if name is None else refs.project_of(name)


def page(
    tx: Connection, *, before: str, limit: int, projects: AbstractSet[str] | None = None, state: str = ""
) -> list[Backfill]:
    """Return backfills of some projects (None: all), newest first; with `state` only those in it."""
    query = (
        select(backfill)
        .where(condition(backfill.c.pipeline, projects))
        .order_by(backfill.c.id.desc())
        .limit(limit)
    )
    if before:
        query = query.where(backfill.c.id < before)
    if state:
        query = query.where(backfill.c.state == state)
    return _whole(tx, tx.execute(query).all())


def active(tx: Connection) -> list[str]:
    """Return the ids of backfills that have not ended, oldest first."""
    open_states = (BackfillState.RUNNING.value, BackfillState.PAUSED.value)
    query = select(backfill.c.id).where(backfill.c.state.in_(open_states)).order_by(backfill.c.id)
    return list(tx.execute(query).scalars())


def change(tx: Connection, backfill_id: str, **values: Any) -> None:
    """Change a backfill."""
    tx.execute(update(backfill).where(backfill.c.id == backfill_id).values(values))


def partitions(
    tx: Connection,
    backfill_id: str,
    *,
    states: Iterable[PartitionState] = (),
    after: int = -1,
    limit: int = 100,
) -> list[Partition]:
    """Return partitions in the order of their turn, of these states or of all."""
    table = backfill_partition
    query = select(table).where(table.c.backfill == backfill_id, table.c.position > after)
    if wanted := [state.value for state in states]:
        query = query.where(table.c.state.in_(wanted))
    return [_partition(row) for row in tx.execute(query.order_by(table.c.position).limit(limit))]


def ended(tx: Connection, backfill_id: str) -> list[Row[Any]]:
    """Return the positions of running partitions whose run has ended, with what the run says."""
    table = backfill_partition
    return list(
        tx.execute(
            select(
                table.c.position,
                pipeline_run.c.state,
                pipeline_run.c.failed,
                pipeline_run.c.ran,
                pipeline_run.c.cached,
                pipeline_run.c.started_at,
                pipeline_run.c.finished_at,
            )
            .join(pipeline_run, pipeline_run.c.id == table.c.run)
            .where(
                table.c.backfill == backfill_id,
                table.c.state == PartitionState.RUNNING.value,
                pipeline_run.c.state.in_([state.value for state in RUN_FINAL]),
            )
        )
    )


def open_jobs(tx: Connection, backfill_id: str) -> list[str]:
    """Return the jobs of the runs of partitions that are running."""
    table = backfill_partition
    query = (
        select(pipeline_run.c.job)
        .join(table, pipeline_run.c.id == table.c.run)
        .where(table.c.backfill == backfill_id, table.c.state == PartitionState.RUNNING.value)
        .order_by(table.c.position)
    )
    return list(tx.execute(query).scalars())


def set_partition(tx: Connection, backfill_id: str, position: int, **values: Any) -> None:
    """Change one partition."""
    table = backfill_partition
    mine = (table.c.backfill == backfill_id) & (table.c.position == position)
    tx.execute(update(table).where(mine).values(values))


def set_all(tx: Connection, backfill_id: str, states: Iterable[PartitionState], **values: Any) -> int:
    """Change the partitions of these states; return how many there were."""
    table = backfill_partition
    mine = (table.c.backfill == backfill_id) & table.c.state.in_([state.value for state in states])
    return tx.execute(update(table).where(mine).values(values)).rowcount


def _whole(tx: Connection, rows: Sequence[Row[Any]]) -> list[Backfill]:
    """Add to backfills where their partitions stand: so many statements however many there are."""
    ids = [row.id for row in rows]
    counts, fallen, seconds = _counts(tx, ids), _fallen(tx, ids), _seconds(tx, ids)
    found = []
    for row in rows:
        fields = {str(key): value for key, value in row._mapping.items()}
        made = msgspec.structs.replace(
            msgspec.convert(fields, Backfill), counts=PartitionCounts(**counts.get(row.id, {}))
        )
        left, took = made.counts.waiting + made.counts.running, seconds.get(row.id)
        found.append(
            msgspec.structs.replace(
                made,
                stopped=made.on_failure == "stop" and row.id in fallen,
                seconds_left=took * left / made.parallel if left and took is not None else None,
            )
        )
    return found


def _counts(tx: Connection, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    table = backfill_partition.c
    query = select(table.backfill, table.state, func.count()).where(table.backfill.in_(ids))
    found: dict[str, dict[str, int]] = {}
    for each, state, number in tx.execute(query.group_by(table.backfill, table.state)):
        found.setdefault(each, {})[state] = number
    return found


def _fallen(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Return which backfills have a partition that failed since they began, or were last begun again."""
    table = backfill_partition.c
    since = backfill.c.begun_at.is_(None) | (table.finished_at > backfill.c.begun_at)
    query = (
        select(table.backfill)
        .join(backfill, backfill.c.id == table.backfill)
        .where(table.backfill.in_(ids), table.state.in_(_BAD), since)
    )
    return set(tx.execute(query.distinct()).scalars())


def _seconds(tx: Connection, ids: Sequence[str]) -> dict[str, float]:
    """Return how long the last partitions of each backfill took, on average; none where none has ended."""
    table = backfill_partition.c
    rank = func.row_number().over(partition_by=table.backfill, order_by=table.position.desc())
    ended = (
        select(table.backfill, table.started_at, table.finished_at, rank.label("rank"))
        .where(
            table.backfill.in_(ids),
            table.state == PartitionState.SUCCEEDED.value,
            table.started_at.is_not(None),
            table.finished_at.is_not(None),
        )
        .subquery()
    )
    spans: dict[str, list[float]] = {}
    for row in tx.execute(select(ended).where(ended.c.rank <= _MAX_TIMED)):
        spans.setdefault(row.backfill, []).append((row.finished_at - row.started_at).total_seconds())
    return {each: sum(some) / len(some) for each, some in spans.items()}


def _partition(row: Row[Any]) -> Partition:
    fields = dict(row._mapping)
    return Partition(**fields | {"state": PartitionState(fields["state"])})
