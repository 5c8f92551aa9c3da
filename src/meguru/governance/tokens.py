"""Tokens: made once, kept as a hash, scoped, expiring."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from meguru.base.ids import new_id
from meguru.base.paging import Page, check_limit
from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.governance import store
from meguru.governance.owners import check_held
from meguru.governance.rights import EVERYWHERE, read_table, rights_of
from meguru.governance.roles.permissions import check_permission
from meguru.governance.types import NewToken, PrincipalRecord, TokenRecord
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import Principal, covers

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
    for number, permission in enumerate(scope or ()):
        check_permission(permission, f"scope[{number}]")
    # Two limits: no wider than the token in use, and (for somebody else) no more than who makes it may do.
    _check_held(ctx.principal, scope or ["*"])
    owner = store.get_principal(ctx.tx, principal)
    if owner.name != ctx.principal.name:
        _check_gives_no_more(ctx, owner, frozenset(scope or ["*"]))
    made = new_token(ctx, owner.name, timedelta(days=days), note=note, scope=scope)
    ctx.emit(
        "token.created",
        f"token/{made.token.id}",
        data={
            "principal": owner.name,
            "scope": made.token.scope,
            "days": days,
            "made_with": ctx.principal.token,
        },
    )
    return made


def new_token(
    ctx: Context,
    principal: str,
    lasts: timedelta,
    *,
    note: str = "",
    scope: list[str] | None = None,
    origin: str = "",
    trust: str = "",
    claims: dict[str, Any] | None = None,
) -> NewToken:
    """Make a token; whoever calls this tells of it with an event."""
    secret, now = PREFIX + secrets.token_urlsafe(32), ctx.now()
    record = TokenRecord(
        id=new_id("tok"),
        principal=principal,
        note=note[:200],
        scope=scope or ["*"],
        created_at=now,
        expires_at=now + lasts,
        origin=origin,
        trust=trust,
        claims=claims or {},
    )
    store.add_token(ctx.tx, record, hash_of(secret))
    return NewToken(token=record, secret=secret)


@operation("token.list", permission="token:read", query=True)
def list_tokens(
    ctx: Context, *, principal: str = "", cursor: str = "", limit: int = 100
) -> Page[TokenRecord]:
    """List tokens, of one principal or of all, without their secrets, newest first.

    Those of sessions (see `TokenRecord.origin`) are forgotten 30 days after they ran out.
    """
    check_limit(limit)
    tokens = store.list_tokens(ctx.tx, principal, before=cursor, limit=limit + 1)
    return Page(items=tokens[:limit], next_cursor=tokens[limit - 1].id if len(tokens) > limit else "")


@operation("token.revoke", permission="token:write")
def revoke_token(ctx: Context, *, id: str) -> TokenRecord:
    """End a token at once."""
    record = store.find_token(ctx.tx, id)
    if record is None:
        raise NotFound.of("token", id, [token.id for token in store.list_tokens(ctx.tx, limit=200)])
    if record.revoked_at is None:
        store.revoke(ctx.tx, id, ctx.now())
        ctx.emit("token.revoked", f"token/{id}", data={"principal": record.principal})
    token_record = store.find_token(ctx.tx, id)
    return token_record or record


def _check_held(maker: Principal, scope: list[str]) -> None:
    for permission in scope:
        if maker.scope is not None and not covers(maker.scope, permission):
            raise Forbidden(
                f"this token can't make one that may do {permission!r}",
                why="a token gives at most what the token it is made with may do",
                hint="name a narrower scope",
            )


def _check_gives_no_more(ctx: Context, owner: PrincipalRecord, scope: frozenset[str]) -> None:
    """Refuse a token of somebody who may do more than its maker, as far as its scope goes."""
    rights = rights_of(ctx.tx, owner, read_table(ctx.tx), ctx.now())
    held = {EVERYWHERE: rights.everywhere, **rights.within}
    for project, permissions in held.items():
        # What both allow: a permission within the scope, or a scope that is narrower than a pattern (run:* by
        # run:read).
        given = {permission for permission in permissions if covers(scope, permission)} | {
            each for each in scope if covers(permissions, each)
        }
        check_held(ctx, given, project, f"a token of {owner.name}")


def hash_of(secret: str) -> str:
    """Return what is kept of a secret."""
    # A secret of 256 random bits needs no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
