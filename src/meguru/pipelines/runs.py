"""SQL of pipeline runs and step runs, on an open transaction."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, func, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.jobs.schema import job
from meguru.kernel.projects import condition
from meguru.pipelines import run_rows
from meguru.pipelines.schema import pipeline_metrics, pipeline_run, step_run
from meguru.pipelines.types import FINAL, PipelineRun, PipelineRunState, StepRun, StepState
from meguru.storage.db import rowwise
from meguru.storage.db.raw import on_transaction
from meguru.storage.struct_rows import struct_of

_MAX_IDS = 500
"""Values of one IN: SQLite has a limit for variables, and PostgreSQL's planner gets slow with thousands."""
_FIXED = {"id", "run", "pipeline", "step", "parent", "parts"}
_CHANGEABLE = ["id", *(column.name for column in step_run.columns if column.name not in _FIXED)]
_COUNTED_AT_END = (PipelineRunState.SUCCEEDED, PipelineRunState.FAILED)
_ENDED = [StepState.SUCCEEDED.value, StepState.FAILED.value]
_RAN = step_run.c.state.in_(_ENDED) & (step_run.c.attempt > 0) & step_run.c["items"].is_(None)
_COUNTED = {
    "ran": _RAN,
    "cached": step_run.c.state == StepState.CACHED.value,
    "skipped": step_run.c.state == StepState.SKIPPED.value,
}
_COUNT = select(
    step_run.c.run, *(func.sum(case((what, 1), else_=0)).label(name) for name, what in _COUNTED.items())
).group_by(step_run.c.run)
add = on_transaction(run_rows.add)
newest_computed = on_transaction(run_rows.newest_computed)
computed = on_transaction(run_rows.computed)
_add_steps = on_transaction(run_rows.add_steps)


def change(tx: Connection, run_id: str, **values: Any) -> bool:
    """Change a run that has not ended; False if it has."""
    open_run = (pipeline_run.c.id == run_id) & pipeline_run.c.state.not_in(FINAL)
    return tx.execute(update(pipeline_run).where(open_run).values(values)).rowcount == 1


def get(tx: Connection, run_id: str, now: datetime | None = None) -> PipelineRun:
    """Return a run by its id or reference, without its steps.

    With `now`, of a run under way also how many steps have ended, and whether it is interrupted.
    """
    parsed = refs.parse(run_id, kind="pipeline_run").name
    row = tx.execute(_query().where(pipeline_run.c.id == parsed)).first()
    if row is None:
        recent = tx.execute(select(pipeline_run.c.id).order_by(pipeline_run.c.id.desc()).limit(200)).scalars()
        raise NotFound.of("pipeline run", parsed, list(recent), hint="they are listed by: meguru runs list")
    run = _run(row, now)
    return run if now is None else _counted(tx, [run])[0]


def project_of(tx: Connection, text: str) -> str | None:
    """Return the project of a run, or of a step of one (``RUN.STEP``); None if there is no such run."""
    found = select(pipeline_run.c.pipeline).where(pipeline_run.c.id == text.partition(".")[0])
    name = tx.execute(found).scalar()
    return None if name is None else refs.project_of(name)


def page(
    tx: Connection,
    *,
    pipeline: str,
    state: PipelineRunState | None,
    before: str,
    limit: int,
    now: datetime,
    projects: AbstractSet[str] | None = None,
) -> list[PipelineRun]:
    """Return runs of some projects (None: all) without their steps, newest first."""
    query = (
        _query()
        .where(condition(pipeline_run.c.pipeline, projects))
        .order_by(pipeline_run.c.id.desc())
        .limit(limit)
    )
    if pipeline:
        query = query.where(pipeline_run.c.pipeline == pipeline)
    if state:
        query = query.where(pipeline_run.c.state == state)
    if before:
        query = query.where(pipeline_run.c.id < before)
    return _counted(tx, [_run(row, now) for row in tx.execute(query)])


def _counted(tx: Connection, found: list[PipelineRun]) -> list[PipelineRun]:
    """Count the steps of runs whose steps may still change; the others were counted when they ended."""
    counts = count(tx, [run.id for run in found if run.state not in _COUNTED_AT_END])
    return [msgspec.structs.replace(run, **counts[run.id]) if run.id in counts else run for run in found]


def count(tx: Connection, run_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count by run the steps that ran, were taken over or skipped; a mapped step counts by its calls."""
    found = {run: dict.fromkeys(_COUNTED, 0) for run in run_ids}
    for start in range(0, len(run_ids), _MAX_IDS):
        query = _COUNT.where(step_run.c.run.in_(run_ids[start : start + _MAX_IDS]))
        found |= {row.run: {name: row._mapping[name] for name in _COUNTED} for row in tx.execute(query)}
    return found


def ended(tx: Connection, run_ids: Iterable[str]) -> set[str]:
    """Return which of these runs have ended."""
    query = select(pipeline_run.c.id).where(
        pipeline_run.c.id.in_(list(run_ids)), pipeline_run.c.state.in_(FINAL)
    )
    return set(tx.execute(query).scalars())


def unfinished(tx: Connection, pipeline: str) -> list[PipelineRun]:
    """Return the runs of a pipeline that have not ended, oldest first."""
    query = _query().where(pipeline_run.c.pipeline == pipeline, pipeline_run.c.state.not_in(FINAL))
    return [_run(row, None) for row in tx.execute(query.order_by(pipeline_run.c.id))]


def steps(tx: Connection, run_id: str) -> dict[str, StepRun]:
    """Return the steps of a run that have begun, by key."""
    rows = tx.execute(select(step_run).where(step_run.c.run == run_id))
    return {row.step: _step(row) for row in rows}


def put_steps(tx: Connection, changed: Sequence[StepRun], known: Iterable[str]) -> None:
    """Write steps; those whose ids are in `known` have a row already."""
    # Whoever holds the run's lease is the only writer of these rows, and knows which there are.
    there = set(known)
    old = [run for run in changed if run.id in there]
    _add_steps(tx, [run for run in changed if run.id not in there])
    rowwise.update_each(
        tx, step_run, "id", *({name: getattr(run, name) for name in _CHANGEABLE} for run in old)
    )


def previous(tx: Connection, steps: Sequence[StepRun]) -> dict[str, StepRun]:
    """Return, by id, the same step of the newest earlier run of the pipeline that got that far with it."""
    ended = [StepState.SUCCEEDED.value, StepState.CACHED.value]
    runs: dict[str, StepRun] = {}
    for start in range(0, len(steps), _MAX_IDS):
        earlier = step_run.alias("earlier")
        # For each step the index (pipeline, step, id) is walked backwards to the first hit. A window over all
        # earlier steps would read the whole history of the pipeline.
        newest = (
            select(earlier.c.id)
            .where(
                earlier.c.pipeline == step_run.c.pipeline,
                earlier.c.step == step_run.c.step,
                earlier.c.id < step_run.c.id,
                earlier.c.state.in_(ended),
            )
            .order_by(earlier.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        ids = [run.id for run in steps[start : start + _MAX_IDS]]
        pairs = select(step_run.c.id.label("now"), newest.label("before")).where(step_run.c.id.in_(ids))
        pair = pairs.subquery()
        query = select(pair.c.now, step_run).join(pair, pair.c.before == step_run.c.id)
        for row in tx.execute(query):
            runs[row.now] = _step(row)
    return runs


def versions_of(tx: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """Return the version of its pipeline that each of some runs ran."""
    query = select(pipeline_run.c.id, pipeline_run.c.version).where(pipeline_run.c.id.in_(list(run_ids)))
    return {row.id: row.version for row in tx.execute(query)}


def _query() -> Any:
    return (
        select(
            pipeline_run,
            job.c.state.label("job_state"),
            job.c.lease_until,
            pipeline_metrics.c.run.label("tracked"),
        )
        .join(job, job.c.id == pipeline_run.c.job, isouter=True)
        .join(pipeline_metrics, pipeline_metrics.c.pipeline_run == pipeline_run.c.id, isouter=True)
    )


def _run(row: Row[Any], now: datetime | None) -> PipelineRun:
    fields = {str(key): value for key, value in row._mapping.items()} | {
        "ref": refs.make("pipeline_run", row.id)
    }
    job_state, until = fields.pop("job_state"), fields.pop("lease_until")
    silent = now is not None and job_state == "running" and until is not None and until < now
    lost = now is not None and job_state in {"done", "failed", "cancelled", None}
    fields["interrupted"] = row.state == PipelineRunState.RUNNING.value and (silent or lost)
    return struct_of(PipelineRun, fields)


def _step(row: Row[Any]) -> StepRun:
    return msgspec.convert({str(key): value for key, value in row._mapping.items()}, StepRun)
