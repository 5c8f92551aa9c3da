"""Declare an endpoint that is not there yet."""

from typing import Any

from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel import declarations
from meguru.kernel.operations import Context, operation
from meguru.serving import store
from meguru.serving.kind import ENDPOINT, EndpointSpec
from meguru.serving.shadow import check_shadow
from meguru.serving.types import Endpoint


@operation("endpoint.create", permission="endpoint:write", on="name", refers={"shadow": "model"})
def create(
    ctx: Context,
    *,
    name: str,
    model: str,
    gates: list[dict[str, Any]] = [],  # noqa: B006 - copied by the kernel
    shadow: list[str] = [],  # noqa: B006 - the same
    record: bool = True,
    description: str = "",
    renew_within: float | str = 0.0,
) -> Endpoint:
    """Declare an endpoint that will serve versions of a model; it is pending until a release goes live.

    The model need not exist yet; one that does must have a version that can be served. Declaring the same
    endpoint again changes nothing; ``endpoint.declare`` changes one.

    Raises
    ------
    Conflict
        If there is another endpoint of this name.
    InvalidInput
        If a gate is unknown, or what it asks makes no sense or can never be passed.
    UnsafeModel
        If the model has versions, none of which is verified.
    """
    spec = EndpointSpec(
        model=model, gates=gates, record=record, description=description, renew_within=renew_within
    )
    planned = declarations.compare(ctx, ENDPOINT, name, spec)
    kept = refs.parse(planned.ref).name
    check_shadow(ctx.tx, shadow, model=refs.within(refs.project_of(kept), model.removeprefix("model/")))
    if planned.change is declarations.Change.UPDATED:
        first = planned.fields[0]
        raise Conflict(
            f"there is an endpoint {name!r} already, with another {first.field}",
            where=planned.ref,
            why=f"it has {str(first.before)[:120]!r}",
            hint=f"change it: meguru endpoint update {name}; or choose another name",
        )
    if planned.change is declarations.Change.CREATED:
        declarations.declare(ctx, ENDPOINT, name, spec)
        if shadow:
            store.set_shadow(ctx.tx, kept, shadow)
    return store.get(ctx.tx, kept)
