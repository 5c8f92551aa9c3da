"""SQL of backfills and their partitions; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from meguru.backfills.schema import backfill, backfill_partition
from meguru.backfills.types import Backfill, BackfillState, Counts, Partition, PartitionState
from meguru.base import refs
from meguru.errors import NotFound
from meguru.pipelines.schema import pipeline_run
from meguru.pipelines.types import FINAL as RUN_FINAL

_DERIVED = {"counts", "seconds_left", "stopped"}
_BAD = (PartitionState.FAILED.value, PartitionState.CANCELLED.value)
_LAST = 20


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
    return _whole(tx, row)


def page(tx: Connection, *, before: str, limit: int) -> list[Backfill]:
    """Return backfills, newest first."""
    query = select(backfill).order_by(backfill.c.id.desc()).limit(limit)
    if before:
        query = query.where(backfill.c.id < before)
    return [_whole(tx, row) for row in tx.execute(query).all()]


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


def _whole(tx: Connection, row: Row[Any]) -> Backfill:
    table = backfill_partition
    found = tx.execute(
        select(table.c.state, func.count().label("number"))
        .where(table.c.backfill == row.id)
        .group_by(table.c.state)
    )
    counts = Counts(**{each.state: each.number for each in found})
    fields = {str(key): value for key, value in row._mapping.items()}
    made = msgspec.structs.replace(msgspec.convert(fields, Backfill), counts=counts)
    made = msgspec.structs.replace(made, stopped=_is_stopped(tx, made))
    left = counts.waiting + counts.running
    took = _seconds(tx, row.id) if left else None
    return made if took is None else msgspec.structs.replace(made, seconds_left=took * left / made.parallel)


def _is_stopped(tx: Connection, found: Backfill) -> bool:
    if found.on_failure != "stop" or found.counts.failed + found.counts.cancelled == 0:
        return False
    table = backfill_partition
    fell = select(table.c.position).where(table.c.backfill == found.id, table.c.state.in_(_BAD))
    if found.begun_at is not None:
        fell = fell.where(table.c.finished_at > found.begun_at)
    return tx.execute(fell.limit(1)).first() is not None


def _seconds(tx: Connection, backfill_id: str) -> float | None:
    """Return how long the last partitions took, on average; None when none has ended."""
    table = backfill_partition
    query = (
        select(table.c.started_at, table.c.finished_at)
        .where(
            table.c.backfill == backfill_id,
            table.c.state == PartitionState.SUCCEEDED.value,
            table.c.started_at.is_not(None),
            table.c.finished_at.is_not(None),
        )
        .order_by(table.c.position.desc())
        .limit(_LAST)
    )
    spans: list[tuple[datetime, datetime]] = [(row[0], row[1]) for row in tx.execute(query)]
    if not spans:
        return None
    return sum((end - start).total_seconds() for start, end in spans) / len(spans)


def _partition(row: Row[Any]) -> Partition:
    fields = dict(row._mapping)
    return Partition(**fields | {"state": PartitionState(fields["state"])})
