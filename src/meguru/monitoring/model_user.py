"""Monitors as users of models: see `meguru.registry.usage`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.base import refs
from meguru.kernel.kinds import provided
from meguru.monitoring.schema import monitor
from meguru.registry.types import ModelUse
from meguru.registry.usage import USERS


def uses(tx: Connection, name: str) -> list[ModelUse]:
    """Return the monitors of the endpoints that serve a model."""
    told = provided(USERS).load("endpoint")(tx, name)
    endpoints = {refs.parse(each.ref).name for each in told if each.how == "serves"}
    query = select(monitor.c.name).where(monitor.c.endpoint.in_(endpoints), monitor.c.retired_at.is_(None))
    return [ModelUse(ref=refs.make("monitor", each), how="watches") for each in tx.execute(query).scalars()]


def evidence(tx: Connection, model: str, endpoint: str) -> dict[str, list[str]]:
    """Return the monitors that watch where a model is served, or is to be (`checklist evidence`)."""
    here = monitor.c.endpoint == endpoint
    query = select(monitor.c.name).where(here, monitor.c.retired_at.is_(None))
    found = (
        [refs.make("monitor", each) for each in tx.execute(query).scalars()]
        if endpoint
        else [use.ref for use in uses(tx, refs.parse(model, kind="model").name)]
    )
    return {"monitor": sorted(found)} if found else {}
