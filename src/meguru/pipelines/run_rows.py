"""SQL that the engine and a run whose steps are all cached share; no SQLAlchemy is imported for it.

`meguru.pipelines.runs` and `meguru.pipelines.store` offer it on a transaction of SQLAlchemy, and have the
rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meguru.base import refs
from meguru.pipelines.types import FINAL, PipelineRun, StepRun, StepState
from meguru.storage import struct_rows
from meguru.storage.statements import Statements, marks

DERIVED = frozenset({"ref", "interrupted", "tracked", "steps"})
"""Fields of a run that are no columns of its row."""
MAX_KEYS = 500
"""Of one statement; SQLite has a limit of its own for its variables."""
MAX_BEFORE = 20
"""Step runs of one key that are looked at: a file that changes all the time makes any number of them."""
COMPUTED = f"state = '{StepState.SUCCEEDED.value}'"
"""Spelled out, as a partial index is of these rows: with a parameter no database would use it."""


def newest_of_entry(sql: Statements, entry: str, folder: str, project: str) -> tuple[str, int] | None:
    """Return name and number of the newest version that a project has from a file.

    None if there is none, or it is not the newest of its pipeline any more.
    """
    query = """
        SELECT v.name, v.version FROM pipeline_version v JOIN pipeline p ON p.name = v.name
        WHERE v.entry = ? AND v.folder = ? AND p.latest = v.version ORDER BY v.name
    """
    found = sql.execute(query, (entry, folder)).fetchall()
    return next(((name, number) for name, number in found if refs.project_of(name) == project), None)


def has_open_run(sql: Statements, pipeline: str) -> bool:
    """Tell whether a run of a pipeline has not ended."""
    query = f"SELECT 1 FROM pipeline_run WHERE pipeline = ? AND state NOT IN ({marks(len(FINAL))}) LIMIT 1"  # noqa: S608
    return sql.execute(query, (pipeline, *(state.value for state in FINAL))).fetchone() is not None


def add(sql: Statements, run: PipelineRun) -> None:
    """Write a new run."""
    struct_rows.insert(sql, "pipeline_run", run, leave_out=DERIVED)


def add_steps(sql: Statements, steps: Sequence[StepRun]) -> None:
    """Write new step runs."""
    struct_rows.insert(sql, "step_run", *steps)


def newest_computed(sql: Statements, keys: Sequence[str]) -> dict[str, StepRun]:
    """Return, by cache key, the newest step run that computed the outputs; keys without one are left out."""
    runs: dict[str, StepRun] = {}
    for start in range(0, len(keys), MAX_KEYS):
        part = keys[start : start + MAX_KEYS]
        where = f"""id IN (
            SELECT max(id) FROM step_run WHERE key IN ({marks(len(part))}) AND {COMPUTED} GROUP BY key
        )"""  # noqa: S608
        runs |= {one.key: one for one in struct_rows.select(sql, StepRun, "step_run", where, part)}
    return runs


def computed(sql: Statements, newest: StepRun | None) -> Iterator[StepRun]:
    """Yield a step run, and those before it with its cache key, newest first: their files may differ."""
    if newest is None:
        return
    yield newest
    where = f"key = ? AND {COMPUTED} AND id < ? ORDER BY id DESC LIMIT ?"
    yield from struct_rows.select(sql, StepRun, "step_run", where, (newest.key, newest.id, MAX_BEFORE))
