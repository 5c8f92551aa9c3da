"""Retire a version of a contract: it is answered no more."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.serving import store as endpoints
from meguru.serving.contracts import consumers, store
from meguru.serving.contracts.types import Contract


@operation("contract.retire", permission="contract:write", on="contract", refers={"contract": "contract"})
def retire(ctx: Context, *, contract: str, force: bool = False, reason: str = "") -> Contract:
    """Answer a version of a contract no more; the others stay.

    Raises
    ------
    Conflict
        If it is the one that requests speak which name none; or if somebody spoke it within the last 30 days,
        without `force`.
    """
    found = store.get(ctx.tx, contract)
    endpoints.lock(ctx.tx, found.endpoint)
    found = store.get(ctx.tx, found.ref)
    if found.retired_at is not None:
        return found
    others = [each for each in store.of(ctx.tx, found.endpoint) if each.version != found.version]
    if found.default:
        other = f"meguru contract prefer {found.endpoint}@{others[-1].version}" if others else ""
        raise Conflict(
            f"requests that name no version speak {found.ref}",
            where=found.ref,
            why="" if others else "it is the only one",
            hint=other or f"make another one first: meguru contract create {found.endpoint} --like MODEL@N",
        )
    since = ctx.now() - consumers.RECENT
    seen = [
        consumer
        for consumer in consumers.of(ctx.tx, found.endpoint, since=since)
        if consumer.contract == found.version
    ]
    if seen and not force:
        raise Conflict(
            f"{found.ref} is spoken",
            where=found.ref,
            why=f"by {', '.join(each.principal for each in seen[:5])}, last on {seen[0].last_seen:%Y-%m-%d}",
            hint="move them to another version, or say that they may fail: --force",
        )
    store.retire(ctx.tx, found.endpoint, ctx.now(), version=found.version)
    data = {
        "endpoint": refs.make("endpoint", found.endpoint),
        "speakers": [consumer.principal for consumer in seen],
        "reason": reason,
    }
    ctx.emit("contract.retired", found.ref, data=data)
    return msgspec.structs.replace(found, retired_at=ctx.now())
