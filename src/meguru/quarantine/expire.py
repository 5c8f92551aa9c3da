"""Expire what nobody decided about in time."""

from __future__ import annotations

from meguru.base.ticker import Ticker
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.quarantine import store
from meguru.quarantine.kind import QUARANTINE
from meguru.quarantine.types import QuarantineState

_EXPIRE = InternalOperation(QUARANTINE, "expire", evented=True)
_BATCH = 100


def expire(ws: Workspace) -> int:
    """Give up what is late; return how many that were."""
    with ws.read() as tx:
        if not store.late(tx, ws.clock.now(), 1):
            return 0

    def work(ctx: Context) -> int:
        # Asked again within the transaction: somebody may have decided meanwhile.
        late = store.late(ctx.tx, ctx.now(), _BATCH)
        for model in late:
            days = (ctx.now() - model.created_at).days
            ctx.emit("quarantine.expired", model.ref, data={"days": days}, project=model.project)
            store.change(ctx.tx, model.id, state=QuarantineState.EXPIRED, decided_at=ctx.now())
        return len(late)

    return _EXPIRE.commit(ws.with_(principal=system("quarantine")), work)


class Expiry(Ticker):
    """Looks once an hour."""

    name = "quarantine"
    pause = 3600.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def tick(self) -> int:
        """Give up what is late."""
        total = 0
        while count := expire(self.ws):  # in short transactions
            total += count
        return total
