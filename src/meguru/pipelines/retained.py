"""What steps printed goes when it is old; the runs stay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.pipelines.logs.schema import step_log, step_log_chunk
from meguru.pipelines.schema import pipeline_run, step_run

AT_ONCE = 200


class LogRecords:
    """Logs of the steps of a pipeline, by when they ended."""

    what = "logs of steps"

    def about(self, tx: Connection) -> Iterable[str]:
        """Return the pipelines that have any."""
        runs = select(step_log.c.run).distinct()
        query = select(pipeline_run.c.pipeline).where(pipeline_run.c.id.in_(runs)).distinct()
        return [refs.make("pipeline", each) for each in tx.execute(query).scalars()]

    def older(self, tx: Connection, ref: str, before: datetime) -> tuple[int, int]:
        """Return how many logs ended before a moment, and their bytes."""
        query = select(func.count(), func.coalesce(func.sum(step_log.c.size), 0)).where(_old(ref, before))
        rows, size = tx.execute(query).one()
        return int(rows), int(size)

    def remove(self, ctx: Context, ref: str, before: datetime) -> tuple[int, int]:
        """Remove some of them, the oldest first."""
        mine, part = step_log.c, step_log_chunk.c
        rows = ctx.tx.execute(
            select(step_log).where(_old(ref, before)).order_by(mine.ended_at).limit(AT_ONCE)
        ).all()
        for row in rows:
            ctx.tx.execute(
                delete(step_log_chunk).where(part.step_run == row.step_run, part.attempt == row.attempt)
            )
            ctx.tx.execute(delete(step_log).where(mine.step_run == row.step_run, mine.attempt == row.attempt))
            if row.blob:
                # Not all that have this blob: a younger step may have printed the same.
                mine_only = (step_run.c.id == row.step_run) & (step_run.c.log == row.blob)
                ctx.tx.execute(update(step_run).where(mine_only).values(log=None))
        schedule_blob_deletion(ctx.tx, {row.blob for row in rows if row.blob})
        return len(rows), sum(row.size for row in rows)


def _old(ref: str, before: datetime) -> ColumnElement[bool]:
    runs = select(pipeline_run.c.id).where(pipeline_run.c.pipeline == refs.parse(ref).name)
    return step_log.c.run.in_(runs) & (step_log.c.ended_at < before)


def records() -> dict[str, LogRecords]:
    """Return what obeys the rules of retention."""
    return {"logs": LogRecords()}
