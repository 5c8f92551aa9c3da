"""Tokens: made once, kept as a hash, scoped, expiring."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection

from meguru.base.ids import new_id
from meguru.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from meguru.governance import store
from meguru.governance.standing import with_rights
from meguru.governance.types import NewToken, TokenRecord
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import Principal, covers
from meguru.kernel.workspace import Workspace

PREFIX = "mgr_"
"""Lets scanners of leaked secrets know one of ours."""
MAX_DAYS = 366


@operation("token.create", permission="token:write", secret=True)
def create_token(
    ctx: Context, *, principal: str, note: str = "", scope: list[str] | None = None, days: int = 90
) -> NewToken:
    """Make a token for a principal; its secret is answered this once."""
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(
            f"a token can't live for {days} days", why=f"1 to {MAX_DAYS} are allowed", field="days"
        )
    for permission in scope or ():
        if permission != "*" and permission.count(":") != 1:
            raise InvalidInput(f"{permission!r} is not a permission", hint="write noun:verb", field="scope")
    _check_held(ctx.principal, scope or ["*"])
    known = [record.name for record in store.list_principals(ctx.tx)]
    if principal not in known:
        raise NotFound.of("principal", principal, known)
    secret = PREFIX + secrets.token_urlsafe(32)
    now = ctx.now()
    record = TokenRecord(
        id=new_id("tok"),
        principal=principal,
        note=note[:200],
        scope=scope or ["*"],
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    store.add_token(ctx.tx, record, _hash(secret))
    ctx.emit(
        "token.created",
        f"token/{record.id}",
        data={"principal": principal, "scope": record.scope, "days": days},
    )
    return NewToken(token=record, secret=secret)


@operation("token.list", permission="token:read", query=True)
def list_tokens(ctx: Context, *, principal: str = "") -> list[TokenRecord]:
    """List tokens, without their secrets."""
    return store.list_tokens(ctx.tx, principal)


@operation("token.revoke", permission="token:write")
def revoke_token(ctx: Context, *, id: str) -> TokenRecord:
    """End a token at once."""
    record = store.find_token(ctx.tx, id)
    if record is None:
        raise NotFound.of("token", id, [token.id for token in store.list_tokens(ctx.tx)])
    if record.revoked_at is None:
        store.revoke(ctx.tx, id, ctx.now())
        ctx.emit("token.revoked", f"token/{id}", data={"principal": record.principal})
    found = store.find_token(ctx.tx, id)
    return found or record


def authenticate(ws: Workspace, secret: str) -> Principal:
    """Return whom a token's secret stands for; see `principal_of`."""
    with ws.read() as tx:
        return principal_of(tx, secret, ws.clock.now())


def principal_of(tx: Connection, secret: str, now: datetime) -> Principal:
    """Return whom a token's secret stands for.

    Raises
    ------
    Unauthenticated
        If the secret is unknown, expired or revoked, or its owner was disabled; which, is not told.
    """
    found = store.by_secret(tx, _hash(secret)) if secret.startswith(PREFIX) else None
    if found is not None:
        token, owner = found
        if token.revoked_at is None and token.expires_at > now and not owner.disabled:
            return with_rights(tx, owner, frozenset(token.scope))
    raise Unauthenticated(
        "the token is not valid", why="it is unknown, expired or revoked", hint="ask an owner for a new one"
    )


def _check_held(maker: Principal, scope: list[str]) -> None:
    for permission in scope:
        if maker.scope is not None and not covers(maker.scope, permission):
            raise Forbidden(
                f"this token can't make one that may do {permission!r}",
                why="a token gives at most what the token it is made with may do",
                hint="name a narrower scope",
            )


def _hash(secret: str) -> str:
    # A secret of 256 random bits needs no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
