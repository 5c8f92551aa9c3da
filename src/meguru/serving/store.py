"""SQL of endpoints and deployments, on an open transaction."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, insert, select, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.serving.contracts.types import ModelInput
from meguru.serving.schema import deployment, endpoint
from meguru.serving.types import Deployment, DeploymentState, Endpoint, EndpointState, UsedFeatures

_DECLARED = [column.name for column in endpoint.c if column.name != "retired_at"]
_PRESENT = endpoint.c.retired_at.is_(None)
_LIVE = and_(deployment.c.endpoint == endpoint.c.name, deployment.c.state == DeploymentState.LIVE)


def find(tx: Connection, name: str) -> Endpoint | None:
    """Return an endpoint; None if there is none of this name, or it was retired."""
    endpoints = _endpoints(tx, (endpoint.c.name == name) & _PRESENT)
    return endpoints[0] if endpoints else None


def find_many(tx: Connection, names: Sequence[str]) -> list[Endpoint]:
    """Return those endpoints of these names that are there, by name."""
    return _endpoints(tx, endpoint.c.name.in_(names) & _PRESENT, limit=len(names))


def get(tx: Connection, name: str) -> Endpoint:
    """Return an endpoint; NotFound, with names that look like it, if there is none."""
    found = find(tx, name)
    if found is None:
        known = names(tx, {refs.project_of(name)})
        hint = "" if known else "create one: meguru endpoint create"
        raise NotFound.of("endpoint", name[:200], known, hint=hint)
    return found


def lock(tx: Connection, name: str) -> Endpoint:
    """Return an endpoint and hold it until the transaction ends, so that switches follow one another."""
    # Read again after the lock: PostgreSQL's own re-read is of the locked row alone, not of the deployment
    # beside it.
    tx.execute(select(endpoint.c.name).where(endpoint.c.name == name).with_for_update())
    return get(tx, name)


def page(
    tx: Connection, *, after: str, limit: int, projects: AbstractSet[str] | None = None
) -> list[Endpoint]:
    """Return endpoints of some projects (None: of all), by name."""
    where = (endpoint.c.name > after) & _PRESENT & condition(endpoint.c.name, projects)
    return _endpoints(tx, where, limit=limit)


def names(tx: Connection, projects: AbstractSet[str] | None = None) -> list[str]:
    """Return the names of the endpoints of some projects (None: of all)."""
    query = select(endpoint.c.name).where(_PRESENT, condition(endpoint.c.name, projects))
    return list(tx.execute(query.order_by(endpoint.c.name)).scalars())


def of_model(tx: Connection, model: str) -> list[str]:
    """Return the names of the endpoints that serve versions of a model."""
    query = select(endpoint.c.name).where(endpoint.c.model == model, endpoint.c.retired_at.is_(None))
    return list(tx.execute(query.order_by(endpoint.c.name)).scalars())


def next_number(tx: Connection, name: str) -> int:
    """Return the number of an endpoint's next deployment."""
    last = tx.execute(select(func.max(deployment.c.number)).where(deployment.c.endpoint == name)).scalar()
    return (last or 0) + 1


def declare(tx: Connection, name: str, spec: Mapping[str, Any], *, at: datetime, by: str) -> None:
    """Write an endpoint's spec: over the present one, over a retired one, or as a new endpoint's."""
    here = endpoint.c.name == name
    if tx.execute(update(endpoint).where(here).values(**spec, retired_at=None)).rowcount == 0:
        new = {"name": name, "shadow": [], "created_at": at, "created_by": by}
        tx.execute(insert(endpoint).values(**spec, **new))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark an endpoint as retired; nothing scores along any more."""
    tx.execute(update(endpoint).where(endpoint.c.name == name).values(retired_at=at, shadow=[]))


def set_shadow(tx: Connection, name: str, shadow: Sequence[str]) -> None:
    """Replace the versions that score along."""
    tx.execute(update(endpoint).where(endpoint.c.name == name).values(shadow=list(shadow)))


def retire(tx: Connection, name: str, at: datetime) -> None:
    """End the live deployment, if there is one."""
    live = (deployment.c.endpoint == name) & (deployment.c.state == DeploymentState.LIVE)
    tx.execute(update(deployment).where(live).values(state=DeploymentState.RETIRED, until=at))


def deploy(tx: Connection, new: Deployment) -> None:
    """Write a deployment."""
    values = msgspec.structs.asdict(new) | {"features": msgspec.to_builtins(new.features)}
    tx.execute(insert(deployment).values(values))


def live(tx: Connection, name: str) -> Deployment | None:
    """Return what is live behind an endpoint; None while it is pending."""
    query = select(deployment).where(deployment.c.endpoint == name)
    row = tx.execute(query.where(deployment.c.state == DeploymentState.LIVE)).first()
    return None if row is None else _deployment(row._asdict())


def first_live(tx: Connection, name: str) -> str | None:
    """Return the model that was live first at an endpoint; None if none ever was."""
    query = select(deployment.c.model_ref).where(deployment.c.endpoint == name)
    found: str | None = tx.execute(query.order_by(deployment.c.number).limit(1)).scalar()
    return found


def history(tx: Connection, name: str, *, limit: int = 20) -> list[Deployment]:
    """Return an endpoint's deployments, newest first."""
    query = select(deployment).where(deployment.c.endpoint == name)
    rows = tx.execute(query.order_by(deployment.c.number.desc()).limit(limit))
    return [_deployment(row._asdict()) for row in rows]


def _endpoints(tx: Connection, condition: Any, *, limit: int = 1) -> list[Endpoint]:
    columns = [column.label(f"d_{column.name}") for column in deployment.c]
    query = select(endpoint, *columns).outerjoin(deployment, _LIVE).where(condition)
    rows = tx.execute(query.order_by(endpoint.c.name).limit(limit)).all()
    return [_endpoint(row) for row in rows]


def _endpoint(row: Row[Any]) -> Endpoint:
    declared = {name: row._mapping[name] for name in _DECLARED}
    current = {column.name: row._mapping[f"d_{column.name}"] for column in deployment.c}
    if current["number"] is None:
        return Endpoint(**declared, state=EndpointState.PENDING)
    return Endpoint(**declared, state=EndpointState.PROMOTED, live=_deployment(current))


def _deployment(fields: Mapping[str, Any]) -> Deployment:
    inputs = msgspec.convert(fields["inputs"], list[ModelInput])
    features = msgspec.convert(fields["features"], UsedFeatures | None)
    read = {"state": DeploymentState(fields["state"]), "inputs": inputs, "features": features}
    return Deployment(**{**fields, **read})
