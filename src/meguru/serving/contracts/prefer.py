"""Choose the default version of a contract: what requests speak that name none."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.serving import store as endpoints
from meguru.serving.contracts import store
from meguru.serving.contracts.types import Contract


@operation("contract.prefer", permission="contract:write", on="contract", refers={"contract": "contract"})
def prefer(ctx: Context, *, contract: str) -> Contract:
    """Make a version the one that requests speak which name none.

    Raises
    ------
    Conflict
        If it was retired.
    """
    found = store.get(ctx.tx, contract)
    endpoints.lock(ctx.tx, found.endpoint)
    # Again, now that it is held: it may have been retired while this waited.
    found = store.get(ctx.tx, found.ref)
    if found.retired_at is not None:
        raise Conflict(f"{found.ref} was retired", where=found.ref)
    if found.default:
        return found
    before = next((each.ref for each in store.of(ctx.tx, found.endpoint) if each.default), None)
    store.prefer(ctx.tx, found.endpoint, found.version)
    data = {"endpoint": refs.make("endpoint", found.endpoint), "before": before}
    ctx.emit("contract.preferred", found.ref, data=data)
    return msgspec.structs.replace(found, default=True)
