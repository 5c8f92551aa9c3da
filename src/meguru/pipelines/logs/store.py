"""SQL of step logs, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from meguru.pipelines.logs.schema import step_log, step_log_chunk
from meguru.pipelines.logs.types import Log

MAX_LOGS = 1000
"""Of one run that are looked at in one call: a mapped step has one for each of its calls."""


def put(tx: Connection, log: Log, *, known: bool) -> bool:
    """Write a log that goes on or has ended; False if it has ended before."""
    values = msgspec.structs.asdict(log)
    if not known:
        tx.execute(insert(step_log).values(values))
        return True
    ours = (step_log.c.step_run == log.step_run) & (step_log.c.attempt == log.attempt)
    return (
        tx.execute(update(step_log).where(ours, step_log.c.ended_at.is_(None)).values(values)).rowcount == 1
    )


def add_chunk(tx: Connection, log: Log, seq: int, last_at: datetime, text: str) -> None:
    """Add the newest lines of a log that goes on."""
    tx.execute(
        insert(step_log_chunk).values(
            step_run=log.step_run, attempt=log.attempt, seq=seq, last_at=last_at, text=text
        )
    )


def drop_chunks(tx: Connection, log: Log, before: int | None = None) -> None:
    """Remove the chunks of a log, or those before a number."""
    query = delete(step_log_chunk).where(_of(log))
    tx.execute(query if before is None else query.where(step_log_chunk.c.seq < before))


def chunks(tx: Connection, log: Log, after: datetime | None = None) -> list[str]:
    """Return the texts of a log's chunks that end later than `after`, in order."""
    query = select(step_log_chunk.c.text).where(_of(log)).order_by(step_log_chunk.c.seq)
    if after is not None:
        query = query.where(step_log_chunk.c.last_at > after)
    return list(tx.execute(query).scalars())


def of_run(
    tx: Connection,
    run: str,
    *,
    step: str = "",
    after: datetime | None = None,
    newest: bool = False,
    limit: int = MAX_LOGS,
) -> list[Log]:
    """Return the logs of a run or of one of its steps that have lines later than `after`, oldest first.

    If there are more than `limit`, the oldest or the `newest`.
    """
    query = select(step_log).where(step_log.c.run == run)
    if step:
        calls = step_log.c.step.startswith(f"{step}.", autoescape=True)  # of a mapped step
        query = query.where(or_(step_log.c.step == step, calls))
    if after is not None:
        query = query.where(or_(step_log.c.ended_at.is_(None), step_log.c.ended_at > after))
    order = (step_log.c.begun_at, step_log.c.step, step_log.c.attempt)
    if newest:
        query = query.order_by(*(column.desc() for column in order))
        return [_log(row) for row in tx.execute(query.limit(limit))][::-1]
    return [_log(row) for row in tx.execute(query.order_by(*order).limit(limit))]


def unended(tx: Connection, runs: Sequence[str] | None = None, limit: int = 1000) -> list[Log]:
    """Return the logs that go on, of these runs or of all."""
    query = select(step_log).where(step_log.c.ended_at.is_(None))
    if runs is not None:
        query = query.where(step_log.c.run.in_(runs))
    return [_log(row) for row in tx.execute(query.limit(limit))]


def newest(logs: Iterable[Log]) -> list[Log]:
    """Return of each step the log of its newest attempt."""
    return list({log.step: log for log in sorted(logs, key=lambda log: log.attempt)}.values())


def _of(log: Log) -> Any:
    return (step_log_chunk.c.step_run == log.step_run) & (step_log_chunk.c.attempt == log.attempt)


def _log(row: Any) -> Log:
    return msgspec.convert({str(key): value for key, value in row._mapping.items()}, Log)
