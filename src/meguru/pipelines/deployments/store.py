"""SQL of deployments, on an open transaction."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, ScalarSelect, insert, select

from meguru.pipelines.deployments.schema import pipeline_deployment
from meguru.pipelines.deployments.types import PipelineDeployment
from meguru.pipelines.schema import pipeline


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
