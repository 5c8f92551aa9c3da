"""The specs of monitors: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.monitoring import store
from meguru.monitoring.judge import check_of
from meguru.monitoring.kind import MonitorSpec
from meguru.monitoring.types import Severity


def find(tx: Connection, name: str) -> MonitorSpec | None:
    """Return the present spec; None if there is no such monitor."""
    found = store.find(tx, name)
    return None if found is None else msgspec.convert(found, MonitorSpec, from_attributes=True)


def check(ctx: Context, name: str, spec: MonitorSpec) -> MonitorSpec:
    """Return the spec with its endpoint in full and its severities in order; refuse what makes no sense."""
    if not spec.checks:
        raise InvalidInput(
            "a monitor needs at least one check", field="checks", hint='try [{"check": "psi"}]'
        )
    for index, options in enumerate(spec.checks):
        check_of(options, f"checks[{index}]")
    if spec.min_rows < 1:
        raise InvalidInput("min_rows must be at least 1", field="min_rows", why=f"it is {spec.min_rows}")
    if not 0 <= spec.min_drift_share <= 1:
        raise InvalidInput(
            "min_drift_share must lie between 0 and 1",
            field="min_drift_share",
            why=f"it is {spec.min_drift_share:g}",
        )
    endpoint = refs.parse(spec.endpoint, kind="endpoint").name
    full = refs.within(refs.project_of(name), endpoint)
    _check_endpoint(ctx.tx, full)
    order = list(Severity).index
    return msgspec.structs.replace(spec, endpoint=full, alert_on=sorted(set(spec.alert_on), key=order))


def uses(name: str, spec: MonitorSpec) -> list[str]:
    """Return the endpoint that is watched."""
    del name
    return [refs.make("endpoint", spec.endpoint)]


def save(ctx: Context, name: str, spec: MonitorSpec) -> None:
    """Write the spec; reports made under another one keep the settings they were made with."""
    store.declare(ctx.tx, name, msgspec.structs.asdict(spec), at=ctx.now(), by=ctx.principal.name)


def retire(ctx: Context, name: str) -> None:
    """Take the monitor out of use; its reports stay."""
    store.take_out(ctx.tx, name, ctx.now())


def _check_endpoint(tx: Connection, name: str) -> None:
    # Serving is a sibling of this package: what endpoints there are is read from the log.
    newest = events.latest(
        tx, subject=refs.make("endpoint", name), types=("endpoint.created", "endpoint.retired")
    )
    if newest is None or newest.type == "endpoint.retired":
        made = events.read(tx, types=("endpoint.created",), limit=1000, newest_first=True)
        raise NotFound.of("endpoint", name, [refs.parse(each.subject).name for each in made])
