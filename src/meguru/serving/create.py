"""Declare an endpoint."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.names import check_name
from meguru.base.plugins import Table
from meguru.errors import Conflict
from meguru.registry import store as models
from meguru.registry.verified import check_verified
from meguru.runtime.operations import Context, operation
from meguru.serving import store
from meguru.serving.shadow import check_shadow
from meguru.serving.types import Endpoint, EndpointState

READERS = Table("gate reader", {"releases": "meguru.releases.gates.declare:check_declared"})
"""Who knows what a gate may ask: ``f(tx, gates, model)`` refuses what makes no sense or can never pass."""


@operation("endpoint.create", permission="endpoint:write")
def create(
    ctx: Context,
    *,
    name: str,
    model: str,
    gates: list[dict[str, Any]] = [],  # noqa: B006 - copied by the kernel
    shadow: list[str] = [],  # noqa: B006 - the same
    record: bool = True,
    description: str = "",
) -> Endpoint:
    """Declare an endpoint that will serve versions of a model; it is pending until a release goes live.

    The model need not exist yet; one that does must have a version that can be served. Declaring the same
    endpoint again changes nothing.

    Raises
    ------
    Conflict
        If there is another endpoint of this name.
    InvalidInput
        If a gate is unknown, or what it asks makes no sense or can never be passed.
    UnsafeModel
        If the model has versions, none of which is verified.
    """
    name = check_name("endpoint", name)
    model = _check_model(ctx.tx, refs.parse(model, kind="model").name)
    if gates:
        READERS.load("releases")(ctx.tx, gates, model)
    check_shadow(ctx.tx, shadow)
    new = Endpoint(
        name=name,
        model=model,
        description=description,
        gates=gates,
        shadow=shadow,
        record=record,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        state=EndpointState.PENDING,
    )
    known = store.find(ctx.tx, name)
    if known is not None:
        return _same(known, new)
    store.add(ctx.tx, new)
    ctx.emit("endpoint.created", refs.make("endpoint", name), data={"model": model, "gates": gates})
    return new


def _check_model(tx: Connection, name: str) -> str:
    """Return the name of a model that an endpoint may serve versions of."""
    known = models.versions(tx, name, before=None, limit=1)
    if known and not models.newest_verified(tx, name):
        check_verified(known[0])
    return check_name("model", name, field="model")


def _same(known: Endpoint, new: Endpoint) -> Endpoint:
    for field in ("model", "gates", "record", "description"):
        before, after = getattr(known, field), getattr(new, field)
        if before != msgspec.to_builtins(after):
            raise Conflict(
                f"there is an endpoint {known.name!r} already, with another {field}",
                where=refs.make("endpoint", known.name),
                why=f"it has {str(before)[:120]!r}",
                hint="choose another name",
            )
    return known
