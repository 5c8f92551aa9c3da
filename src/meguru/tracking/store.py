"""SQL of runs, on an open transaction."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, delete, exists, func, insert, select, update

from meguru.base import refs
from meguru.errors import Conflict, NotFound
from meguru.kernel.principals import Principal
from meguru.kernel.projects import condition
from meguru.storage.db import rowwise
from meguru.storage.db.raw import RawSql
from meguru.tracking import lease, schema
from meguru.tracking.client_schema import run_entry
from meguru.tracking.experiments import store as experiments
from meguru.tracking.ownership import check_writer
from meguru.tracking.series import summaries
from meguru.tracking.types import Run, RunArtifact

MAX_LISTED_METRICS = 200
"""So many metrics of a run are in a list of runs."""
_PAST = {"succeeded": "succeeded", "failed": "failed", "cancelled": "was cancelled"}


_DELETED = exists().where(run_entry.c.run == schema.run.c.id, run_entry.c.stage == "deleted")
_RUN_FIELDS = [column.name for column in schema.run.columns]


def add_run(tx: Connection, run: Run, key: str) -> None:
    """Write a new run of the experiment that has this key."""
    values = {name: getattr(run, name) for name in _RUN_FIELDS}
    rowwise.insert(tx, schema.run, values | {"experiment": key})


def run_id(text: str) -> str:
    """Read a run's id, or its reference."""
    return refs.parse(text, kind="run").name


def get(tx: Connection, text: str, now: datetime) -> Run:
    """Return a run by id or reference, with params, tags and newest metrics."""
    run = find(tx, text, now)
    if run is None:
        raise missing(text)
    return run


def check_run(tx: Connection, text: str) -> str:
    """Return a run's id, given it or its reference; raise NotFound if there is no such run."""
    table = schema.run.c
    if tx.execute(select(table.id).where(table.id == run_id(text))).first() is None:
        raise missing(text)
    return run_id(text)


def project_of(tx: Connection, run: str) -> str | None:
    """Return the project of a run, given its id; None if there is no such run.

    The key of its experiment begins with it, so one look at the run's row is enough.
    """
    found = rowwise.first(tx, schema.run, {"id": run}, ("experiment",))
    return None if found is None else refs.project_of(found["experiment"])


def find(tx: Connection, text: str, now: datetime) -> Run | None:
    """Return a run by id or reference; None if there is none."""
    return next(iter(runs(tx, schema.run.c.id == run_id(text), now=now)), None)


def lock_run(tx: Connection, by: Principal, text: str) -> Row[Any]:
    """Return a run's row, in whichever state, held until the transaction ends, for who may change it.

    Raises
    ------
    NotFound
        If there is no such run.
    Forbidden
        If it is another's, and `by` lacks the right to change those.
    """
    table = schema.run
    row = tx.execute(select(table).where(table.c.id == run_id(text)).with_for_update()).first()
    if row is None:
        raise missing(text)
    check_writer(by, row.created_by, row.id, project=refs.project_of(row.experiment))
    return row


def is_deleted(tx: Connection, run: str) -> bool:
    """Tell whether a run is marked as deleted."""
    return rowwise.has(tx, run_entry, {"run": run, "stage": "deleted"})


def deleted(run: str) -> Conflict:
    """Return what to tell whoever would change a deleted run."""
    return Conflict(f"run {run} is deleted", where=run, hint=f"meguru runs restore {run}")


def missing(text: str) -> NotFound:
    """Return what to tell whoever names a run that there is not."""
    hint = "list them with: meguru runs list"
    if run_id(text).startswith("prun-"):
        hint = "that is the id of a pipeline's run; this is for tracked runs, run-…"
    return NotFound.of("run", run_id(text), hint=hint)


def lock_running(tx: Connection, by: Principal, text: str, *, late: bool = False) -> Row[Any]:
    """Return a run's row, held until the transaction ends; raise Conflict unless the run is running.

    With `late`, a run that was ended only because it was silent may be held too.
    """
    row = lock_run(tx, by, text)
    if row.state != "running" and not (late and row.error == lease.SILENT):
        past = f"{_PAST[row.state]}: {lease.SILENT}" if row.error == lease.SILENT else _PAST[row.state]
        raise Conflict(
            f"run {row.id} is over",
            why=f"it {past}; a finished run can't change",
            where=row.id,
            hint="start another run",
        )
    return row


def page(
    tx: Connection,
    *,
    experiment: str,
    limit: int,
    now: datetime,
    without: Sequence[str] = (),
    projects: AbstractSet[str] | None = None,
    state: str = "",
    before: str = "",
    deleted: bool = False,
) -> list[Run]:
    """Return runs of an experiment, given its key, or of all `without` some; newest first, as ids sort.

    Of `projects` alone, unless an experiment is given; None: of all.
    """
    table = schema.run.c
    given = [
        (experiment, table.experiment == experiment),
        (without and not experiment, table.experiment.not_in(without)),
        (projects is not None and not experiment, condition(table.experiment, projects)),
        (state, lease.shown_as(state, now)),
        (before, table.id < before),
    ]
    conditions = [each for value, each in given if value]
    return runs(tx, *conditions, _DELETED if deleted else ~_DELETED, limit=limit, now=now)


def counts(tx: Connection, experiment: str, now: datetime) -> dict[str, int]:
    """Return how many runs of an experiment, given its key, are in each state as it is shown."""
    table = schema.run.c
    mine = (table.experiment == experiment) & ~_DELETED
    query = select(table.state, func.count()).where(mine).group_by(table.state)
    found: dict[str, int] = {row[0]: row[1] for row in tx.execute(query)}
    silent = select(func.count()).select_from(schema.run).where(mine, lease.shown_as("interrupted", now))
    if found.get("running") and (gone := tx.execute(silent).scalar_one()):
        found |= {"running": found["running"] - gone, "interrupted": gone}
    return {state: count for state, count in found.items() if count}


def count_deleted(tx: Connection, experiment: str) -> int:
    """Return how many runs of an experiment, given its key, are deleted."""
    mine = (schema.run.c.experiment == experiment) & _DELETED
    return int(tx.execute(select(func.count()).select_from(schema.run).where(mine)).scalar_one())


def of_ids(tx: Connection, ids: list[str], now: datetime) -> list[Run]:
    """Return the runs of these ids, in no order that is meant; as a list shows them."""
    return runs(tx, schema.run.c.id.in_(ids), now=now, limit=len(ids) + 1) if ids else []


def runs(tx: Connection, *conditions: Any, now: datetime, limit: int = 1) -> list[Run]:
    """Return the runs that match, newest first, each in the state in which it is shown now."""
    rows = tx.execute(
        select(schema.run).where(*conditions).order_by(schema.run.c.id.desc()).limit(limit)
    ).all()
    ids = [row.id for row in rows]
    names = experiments.names_of(tx, [row.experiment for row in rows])
    deleted = _deleted(tx, ids)
    params, tags = (_texts(tx, table, ids) for table in (schema.run_param, schema.run_tag))
    metrics = summaries(tx, ids, most=MAX_LISTED_METRICS if limit > 1 else None)
    return [
        Run(
            ref=refs.make("run", row.id),
            params=params.get(row.id, {}),
            tags=tags.get(row.id, {}),
            metrics=metrics.get(row.id, {}),
            project=refs.project_of(row.experiment),
            deleted_at=deleted.get(row.id),
            **{
                **row._mapping,
                "state": lease.state_of(row, now),
                "experiment": names.get(row.experiment, row.experiment),
            },
        )
        for row in rows
    ]


def _deleted(tx: Connection, ids: list[str]) -> dict[str, datetime]:
    table = run_entry.c
    query = select(table.run, table.deleted_at).where(table.run.in_(ids), table.stage == "deleted")
    return {row.run: row.deleted_at or datetime.fromtimestamp(0, UTC) for row in tx.execute(query)}


def _texts(tx: Connection, table: Table, ids: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in tx.execute(
        select(table.c.run, table.c.key, table.c.value).where(table.c.run.in_(ids)).order_by(table.c.key)
    ):
        found.setdefault(row.run, {})[row.key] = row.value
    return found


def add_params(tx: Connection, run: str, params: Mapping[str, str]) -> None:
    """Write params; one that is there already may only be given again with the same value."""
    known = _texts(tx, schema.run_param, [run]).get(run, {})
    for key, value in params.items():
        if known.get(key, value) != value:
            why = f"it is {known[key][:80]!r} already; a param is what the run started from and can't change"
            raise Conflict(f"param {key!r} can't become {value[:80]!r}", why=why, field=f"params.{key}")
    new = [{"run": run, "key": key, "value": value} for key, value in params.items() if key not in known]
    if new:
        tx.execute(insert(schema.run_param), new)


_SET_TAG = (
    "INSERT INTO run_tag (run, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value"
)


def set_tags(tx: Connection, run: str, tags: Mapping[str, str]) -> None:
    """Write tags over those of the same name."""
    if tags:
        # By key, so that no two transactions wait for each other.
        RawSql(tx).executemany(_SET_TAG, [(run, key, tags[key]) for key in sorted(tags)])


def add_artifact(tx: Connection, run: str, artifact: RunArtifact) -> bool:
    """Write an artifact over one of the same name; tell whether anything changed."""
    table = schema.run_artifact
    mine = (table.c.run == run) & (table.c.path == artifact.path)
    if tx.execute(select(table.c.digest).where(mine)).scalar() == artifact.digest:
        return False
    tx.execute(delete(table).where(mine))
    tx.execute(insert(table).values(run=run, **msgspec.structs.asdict(artifact)))
    return True


def artifacts(tx: Connection, run: str) -> list[RunArtifact]:
    """Return a run's artifacts by path."""
    table = schema.run_artifact
    rows: Iterable[Row[Any]] = tx.execute(select(table).where(table.c.run == run).order_by(table.c.path))
    return [RunArtifact(path=row.path, digest=row.digest, size=row.size) for row in rows]


def finish(tx: Connection, run: str, *, state: str, error: str, at: datetime) -> None:
    """End a run, and its lease."""
    values = {"state": state, "error": error, "finished_at": at, "alive_until": None}
    tx.execute(update(schema.run).where(schema.run.c.id == run).values(values))
