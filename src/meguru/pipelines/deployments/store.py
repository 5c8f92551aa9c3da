"""SQL of deployments, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Row, ScalarSelect, func, insert, select, tuple_

from meguru.pipelines.deployments.schema import pipeline_deployment
from meguru.pipelines.deployments.types import PipelineDeployment
from meguru.pipelines.schema import pipeline, pipeline_version


def deployed(tx: Connection, name: str) -> int | None:
    """Return the version of a pipeline that is deployed; None if none is."""
    deployment = current(tx, name)
    return (deployment.version or None) if deployment else None


def current(tx: Connection, name: str) -> PipelineDeployment | None:
    """Return the deployment that holds."""
    deployments = newest(tx, name, limit=1)
    return deployments[0] if deployments else None


def newest(tx: Connection, name: str, *, limit: int, before: int | None = None) -> list[PipelineDeployment]:
    """Return the deployments of a pipeline, newest first, from the one before number `before` on."""
    here = pipeline_deployment.c.name == name
    if before is not None:
        here &= pipeline_deployment.c.number < before
    query = select(pipeline_deployment).where(here).order_by(pipeline_deployment.c.number.desc())
    return [_from_row(row) for row in tx.execute(query.limit(limit))]


def with_digests(tx: Connection, names: Sequence[str]) -> list[tuple[PipelineDeployment, str]]:
    """Return the deployments that hold of some pipelines, by name, each with its version's digest."""
    mine, theirs = pipeline_deployment.c, pipeline_version.c
    last = select(mine.name, func.max(mine.number)).where(mine.name.in_(names)).group_by(mine.name)
    same = (theirs.name == mine.name) & (theirs.version == mine.version)
    query = select(pipeline_deployment, theirs.digest.label("version_digest")).join(pipeline_version, same)
    rows = tx.execute(query.where(tuple_(mine.name, mine.number).in_(last)).order_by(mine.name))
    return [(_from_row(row), row.version_digest) for row in rows]


def was_deployed(tx: Connection, name: str, version: int) -> bool:
    """Tell whether a version is deployed, or was once."""
    here = (pipeline_deployment.c.name == name) & (pipeline_deployment.c.version == version)
    return tx.execute(select(pipeline_deployment.c.number).where(here).limit(1)).first() is not None


def add(tx: Connection, made: PipelineDeployment) -> None:
    """Write a deployment; it holds from then on."""
    tx.execute(insert(pipeline_deployment).values(msgspec.structs.asdict(made)))


def version_column() -> ScalarSelect[int]:
    """Return, for a query over pipelines, the version of each that is deployed."""
    here = pipeline_deployment.c.name == pipeline.c.name
    query = select(pipeline_deployment.c.version).where(here)
    return query.order_by(pipeline_deployment.c.number.desc()).limit(1).correlate(pipeline).scalar_subquery()


def _from_row(row: Row[tuple[object, ...]]) -> PipelineDeployment:
    return msgspec.convert(row, PipelineDeployment, from_attributes=True)
