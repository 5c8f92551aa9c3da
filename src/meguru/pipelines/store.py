"""SQL of pipelines and their versions, on an open transaction."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.projects import condition
from meguru.pipelines import run_rows
from meguru.pipelines.deployments.store import version_column
from meguru.pipelines.schema import pipeline, pipeline_run, pipeline_version
from meguru.pipelines.types import Failed, Pipeline, PipelineVersion
from meguru.storage.db.raw import on_transaction

_PAGE = 100
_newest_of_entry = on_transaction(run_rows.newest_of_entry)

MAX_DIGITS = 9


def lock(tx: Connection, name: str, at: datetime) -> PipelineVersion | None:
    """Hold a pipeline until the transaction ends, making it if need be; return its newest version."""
    query = select(pipeline.c.latest).where(pipeline.c.name == name).with_for_update()
    row = tx.execute(query).first()
    if row is None:
        try:
            # A savepoint: on PostgreSQL a refused insert else ends the whole transaction.
            with tx.begin_nested():
                tx.execute(insert(pipeline).values(name=name, latest=0, created_at=at))
        except IntegrityError:  # another server made it just now; wait for it
            row = tx.execute(query).one()
    return get(tx, name, row.latest) if row and row.latest else None


def add(tx: Connection, version: PipelineVersion) -> None:
    """Write a new version and make it the latest."""
    values = msgspec.structs.asdict(version)
    del values["ref"]
    tx.execute(insert(pipeline_version).values(values))
    tx.execute(update(pipeline).where(pipeline.c.name == version.name).values(latest=version.version))


def get(tx: Connection, name: str, version: int) -> PipelineVersion:
    """Return one version."""
    query = select(pipeline_version).where(
        pipeline_version.c.name == name, pipeline_version.c.version == version
    )
    row = tx.execute(query).first()
    if row is None:
        raise NotFound.of(
            "version of a pipeline",
            f"{name}@{version}",
            hint="runs and their pipelines are listed by: meguru runs list",
        )
    return _from_row(row)


def get_many(tx: Connection, name: str, versions: Iterable[int]) -> dict[int, PipelineVersion]:
    """Return some versions, by number."""
    mine = (pipeline_version.c.name == name) & pipeline_version.c.version.in_(list(versions))
    return {row.version: _from_row(row) for row in tx.execute(select(pipeline_version).where(mine))}


def of_digest(tx: Connection, name: str, digest: str) -> PipelineVersion | None:
    """Return the newest version of a pipeline that has this digest."""
    query = select(pipeline_version).where(
        pipeline_version.c.name == name, pipeline_version.c.digest == digest
    )
    row = tx.execute(query.order_by(pipeline_version.c.version.desc()).limit(1)).first()
    return None if row is None else _from_row(row)


def versions(tx: Connection, name: str, *, before: int | None, limit: int) -> list[PipelineVersion]:
    """Return versions of a pipeline, newest first."""
    query = select(pipeline_version).where(pipeline_version.c.name == name)
    if before is not None:
        query = query.where(pipeline_version.c.version < before)
    query = query.order_by(pipeline_version.c.version.desc()).limit(limit)
    return [_from_row(row) for row in tx.execute(query)]


def newest(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[PipelineVersion]:
    """Yield the newest version of every pipeline of some projects (None: of all), by name."""
    is_newest = (pipeline.c.name == pipeline_version.c.name) & (
        pipeline.c.latest == pipeline_version.c.version
    )
    query = select(pipeline_version).join(pipeline, is_newest).where(condition(pipeline.c.name, projects))
    for row in tx.execute(query.order_by(pipeline.c.name).execution_options(yield_per=_PAGE)):
        yield _from_row(row)


def resolve(tx: Connection, ref: str, projects: AbstractSet[str] | None = None) -> PipelineVersion:
    """Return the version meant by ``train``, ``train@latest``, ``train@3`` or ``pipeline/train@3``.

    If it is not there, the message offers names of `projects` (None: all) that look like it.
    """
    parsed = refs.parse(ref, kind="pipeline")
    if parsed.version not in {None, "latest"}:
        # A number that no column holds is an error of the driver, not of the question.
        if not str(parsed.version).isdecimal() or len(str(parsed.version)) > MAX_DIGITS:
            raise InvalidInput(
                f"{ref!r} names no version", hint="write NAME@3 or NAME@latest", field="pipeline"
            )
        return get(tx, parsed.name, int(str(parsed.version)))
    newest = tx.execute(select(pipeline.c.latest).where(pipeline.c.name == parsed.name)).scalar()
    if not newest:
        known = list(
            tx.execute(select(pipeline.c.name).where(condition(pipeline.c.name, projects))).scalars()
        )
        raise NotFound.of(
            "pipeline", parsed.name, known, hint="" if known else "register it: meguru run FILE.py:PIPELINE"
        )
    return get(tx, parsed.name, newest)


def of_entry(tx: Connection, entry: str, folder: str, project: str = "") -> PipelineVersion | None:
    """Return the newest version that a project has from a file, if it is still its pipeline's newest."""
    found = _newest_of_entry(tx, entry, folder, project)
    return None if found is None else get(tx, *found)


def page(
    tx: Connection, *, after: str = "", limit: int, projects: AbstractSet[str] | None = None, only: str = ""
) -> list[Pipeline]:
    """Return pipelines of some projects (None: all), or `only` one, with their newest version and run."""
    newest = (
        select(func.max(pipeline_run.c.id))
        .where(pipeline_run.c.pipeline == pipeline.c.name)
        .correlate(pipeline)
        .scalar_subquery()
    )
    query = (
        select(
            pipeline_version,
            version_column().label("deployed"),
            pipeline_run.c.id.label("run"),
            pipeline_run.c.state.label("run_state"),
            pipeline_run.c.finished_at,
            pipeline_run.c.failed,
        )
        .join(
            pipeline,
            (pipeline.c.name == pipeline_version.c.name) & (pipeline.c.latest == pipeline_version.c.version),
        )
        .join(pipeline_run, pipeline_run.c.id == newest, isouter=True)
        .where(pipeline.c.name == only if only else pipeline.c.name > after)
        .where(condition(pipeline.c.name, projects))
        .order_by(pipeline.c.name)
        .limit(limit)
    )
    return [_listed(row) for row in tx.execute(query)]


def _listed(row: Row[Any]) -> Pipeline:
    return Pipeline(
        name=row.name,
        ref=refs.make("pipeline", row.name, row.version),
        version=row.version,
        entry=row.entry,
        steps=len(row.graph["steps"]),
        produces=row.graph["produces"],
        created_at=row.created_at,
        deployed=row.deployed or None,
        last_run=row.run,
        last_state=row.run_state,
        last_finished_at=row.finished_at,
        last_failed=msgspec.convert(row.failed, Failed | None),
    )


def _from_row(row: Row[Any]) -> PipelineVersion:
    fields = {str(key): value for key, value in row._mapping.items()} | {
        "ref": refs.make("pipeline", row.name, row.version)
    }
    return msgspec.convert(fields, PipelineVersion)
