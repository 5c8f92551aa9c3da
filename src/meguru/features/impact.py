"""Who reads a view or a service: told before it is changed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select

from meguru.base import refs
from meguru.features.renew import services_of
from meguru.features.types import ViewImpact
from meguru.kernel.events.schema import edge
from meguru.kernel.kinds import provided

_MAX_EDGES = 2000
_MAX_SHOWN = 5
_USERS = "model user"


def readers(tx: Connection, view: str) -> ViewImpact:
    """Return who reads any version of a view."""
    models = _models(tx, refs.make("feature_view", view))
    return ViewImpact(services=services_of(tx, view), models=models, endpoints=_endpoints(tx, models))


def readers_of_service(tx: Connection, service: str) -> ViewImpact:
    """Return who was trained with any version of a service, and answers with that."""
    models = _models(tx, refs.make("feature_service", service))
    return ViewImpact(services=[], models=models, endpoints=_endpoints(tx, models))


def describe(found: ViewImpact) -> list[str]:
    """Say who reads it, for a plan."""
    told = []
    if found.services:
        told.append(f"{_listed(found.services)} read it, and get a next version with it")
    if found.models:
        told.append(
            f"{_listed(found.models)} were trained with it, and stay with their version until trained again"
        )
    if found.endpoints:
        told.append(f"{_listed(found.endpoints)} answer with those, and move by their next release")
    return told


def _listed(found: list[str]) -> str:
    more = f" and {len(found) - _MAX_SHOWN} more" if len(found) > _MAX_SHOWN else ""
    return ", ".join(found[:_MAX_SHOWN]) + more


def _models(tx: Connection, ref: str) -> list[str]:
    """Return the models (versions of them) that runs made which used any version of a thing, newest first."""
    # A range of the index, for all versions: LIKE would not use it on PostgreSQL with most collations.
    runs = _targets(tx, edge.c.source.between(f"{ref}@", f"{ref}@\x7f"))
    direct = [run for run in runs if run.startswith("model/")]
    made = _targets(tx, edge.c.source.in_(runs)) if runs else []
    return list(dict.fromkeys([*direct, *(each for each in made if each.startswith("model/"))]))


def _targets(tx: Connection, where: ColumnElement[bool]) -> list[str]:
    query = select(edge.c.target).where(where).order_by(edge.c.event_seq.desc()).limit(_MAX_EDGES)
    return list(tx.execute(query).scalars())


def _endpoints(tx: Connection, models: list[str]) -> list[str]:
    """Return the endpoints at which one of these versions answers."""
    family, versions = provided(_USERS), set(models)
    named = {refs.parse(model).name for model in models}
    found = [
        use for member in family.names() for name in sorted(named) for use in family.load(member)(tx, name)
    ]
    return list(dict.fromkeys(use.ref for use in found if use.how == "live" and use.version in versions))
