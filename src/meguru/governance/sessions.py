"""Sessions: tokens that came of a sign-in, a login or an exchange, and end when their holder says so."""

from __future__ import annotations

from datetime import timedelta

from meguru.base.ticker import Ticker
from meguru.governance import store
from meguru.governance.kind import TOKEN
from meguru.governance.tokens import hash_of
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

END = InternalOperation(TOKEN, "end", evented=True)
FORGET = InternalOperation(TOKEN, "forget")
KEPT = timedelta(days=30)
"""How long the token of a session is listed after it ran out; what it did stays in the log."""
_BATCH = 1000


def end_session(ws: Workspace, secret: str) -> None:
    """End the session of a token; one that was made by hand, or is unknown, is left alone."""
    with ws.read() as tx:
        admission = store.by_secret(tx, hash_of(secret))
    if admission is not None and admission.token.origin and admission.token.revoked_at is None:
        token = admission.token

        def end(ctx: Context) -> None:
            store.revoke(ctx.tx, token.id, ctx.now())
            ctx.emit("token.revoked", f"token/{token.id}", data={"principal": token.principal})

        END.commit(ws.with_(principal=system("sign-in"), project=""), end)


def forget_sessions(ws: Workspace) -> int:
    """Remove the tokens of sessions that ran out long ago; return how many.

    Each job of a CI exchanges its token for one of ours: without this, they would be most of the table.
    """
    before, done = ws.clock.now() - KEPT, 0
    while True:
        count = FORGET.commit(ws, lambda ctx: store.forget_sessions(ctx.tx, before, _BATCH))
        done += count
        if count < _BATCH:
            return done


class SessionKeeper(Ticker):
    """Forgets old sessions, each hour."""

    name = "sessions"
    pause = 3600.0

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws.with_(principal=system("sign-in"), project="")

    def tick(self) -> int:
        """Forget those that are to be."""
        return forget_sessions(self._ws)
