"""Sessions: tokens that came of a sign-in, a login or an exchange, and end when their holder says so."""

from __future__ import annotations

from meguru.governance import store
from meguru.governance.kind import TOKEN
from meguru.governance.tokens import hash_of
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

END = InternalOperation(TOKEN, "end", evented=True)


def end_session(ws: Workspace, secret: str) -> None:
    """End the session of a token; one that was made by hand, or is unknown, is left alone."""
    with ws.read() as tx:
        found = store.by_secret(tx, hash_of(secret))
    if found is not None and found.token.origin and found.token.revoked_at is None:
        token = found.token

        def end(ctx: Context) -> None:
            store.revoke(ctx.tx, token.id, ctx.now())
            ctx.emit("token.revoked", f"token/{token.id}", data={"principal": token.principal})

        END.commit(ws.with_(principal=system("sign-in"), project=""), end)
