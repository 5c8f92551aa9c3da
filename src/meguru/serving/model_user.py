"""Endpoints as users of models: see `meguru.registry.usage`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.registry.types import ModelUse
from meguru.serving.schema import deployment, endpoint
from meguru.serving.types import DeploymentState


def uses(tx: Connection, name: str) -> list[ModelUse]:
    """Return the endpoints that serve versions of a model, and the version that answers at each."""
    here = select(endpoint.c.name).where(endpoint.c.model == name, endpoint.c.retired_at.is_(None))
    model_uses = [
        ModelUse(ref=refs.make("endpoint", each), how="serves") for each in tx.execute(here).scalars()
    ]
    live = (
        select(deployment.c.endpoint, deployment.c.model_ref)
        .join(endpoint, endpoint.c.name == deployment.c.endpoint)
        .where(deployment.c.state == DeploymentState.LIVE.value, endpoint.c.model == name)
        .where(endpoint.c.retired_at.is_(None))
    )
    return [
        *model_uses,
        *(
            ModelUse(ref=refs.make("endpoint", row.endpoint), how="live", version=row.model_ref)
            for row in tx.execute(live)
        ),
    ]
