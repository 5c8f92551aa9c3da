"""SQL of the questions of runs, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from meguru.kernel.projects import condition
from meguru.pipelines.approvals.types import ApprovalState, PipelineApproval
from meguru.pipelines.schema import pipeline_approval

_c = pipeline_approval.c


def of_run(tx: Connection, run: str) -> dict[str, PipelineApproval]:
    """Return the questions of a run, by step."""
    rows = tx.execute(select(pipeline_approval).where(_c.run == run))
    return {row.step: _from_row(row) for row in rows}


def ask(tx: Connection, question: PipelineApproval) -> None:
    """Write a question."""
    tx.execute(insert(pipeline_approval).values(msgspec.structs.asdict(question)))


def answer(
    tx: Connection,
    question: PipelineApproval,
    given: ApprovalState,
    *,
    by: str | None,
    at: datetime,
    note: str = "",
) -> PipelineApproval:
    """Write an answer, and return it."""
    values = {"state": given, "decided_by": by, "decided_at": at, "note": note}
    mine = (_c.run == question.run) & (_c.step == question.step)
    tx.execute(update(pipeline_approval).where(mine).values(values))
    return msgspec.structs.replace(question, **values)


def page(
    tx: Connection,
    *,
    state: ApprovalState | None,
    run: str,
    after: str,
    limit: int,
    projects: AbstractSet[str] | None = None,
) -> Sequence[PipelineApproval]:
    """Return questions of some projects (None: all), oldest run first, from after RUN.STEP on."""
    query = (
        select(pipeline_approval)
        .where(condition(_c.pipeline, projects))
        .order_by(_c.run, _c.step)
        .limit(limit)
    )
    if state:
        query = query.where(_c.state == state)
    if run:
        query = query.where(_c.run == run)
    if after:
        last, _, step = after.partition(".")
        query = query.where((_c.run > last) | ((_c.run == last) & (_c.step > step)))
    return [_from_row(row) for row in tx.execute(query)]


def close(tx: Connection, run: str, at: datetime, note: str) -> None:
    """Close the open questions of a run that has ended."""
    mine = (_c.run == run) & (_c.state == ApprovalState.OPEN)
    tx.execute(
        update(pipeline_approval).where(mine).values(state=ApprovalState.EXPIRED, decided_at=at, note=note)
    )


def _from_row(row: Row[Any]) -> PipelineApproval:
    return msgspec.convert({str(key): value for key, value in row._mapping.items()}, PipelineApproval)
