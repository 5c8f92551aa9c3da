"""Endpoints as users of datasets: see `meguru.datasets.remove`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.artifacts.lineage import made_from
from meguru.base import refs
from meguru.datasets.types import DatasetUse
from meguru.serving.schema import deployment, endpoint
from meguru.serving.types import DeploymentState


def uses(tx: Connection, ref: str) -> list[DatasetUse]:
    """Return the endpoints at which a model answers that was made from a version of a dataset."""
    made = {each for each in made_from(tx, ref, but=("dataset/",)) if each.startswith("model/")}
    live = (
        select(deployment.c.endpoint, deployment.c.model_ref)
        .join(endpoint, endpoint.c.name == deployment.c.endpoint)
        .where(deployment.c.state == DeploymentState.LIVE.value, endpoint.c.retired_at.is_(None))
    )
    return [
        DatasetUse(ref=refs.make("endpoint", row.endpoint), how="live")
        for row in tx.execute(live)
        if row.model_ref in made
    ]
