"""Let in who a provider signed in: as the principal that they were before, or as a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from meguru.base.durations import seconds
from meguru.base.names import normal
from meguru.errors import Forbidden
from meguru.governance import access_head, store
from meguru.governance.principals import principal_name_in
from meguru.governance.rights import has_claims
from meguru.governance.schema import identity
from meguru.governance.sign_in.kind import IDENTITY_PROVIDER, IdentityProviderSpec
from meguru.governance.tokens import new_token
from meguru.governance.types import NewToken, PrincipalRecord
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

SIGN_IN = InternalOperation(IDENTITY_PROVIDER, "sign_in", evented=True)
MAX_CLAIMS, MAX_ENTRIES, MAX_TEXT = 100, 1000, 500
TRANSIENT_CLAIMS = frozenset({"iat", "exp", "nbf", "jti", "nonce", "at_hash", "c_hash", "auth_time", "sid"})
"""Claims of one token alone."""


def admit(ws: Workspace, provider: str, spec: IdentityProviderSpec, claims: dict[str, Any]) -> NewToken:
    """Write down who signed in, and return the token of their session.

    Raises
    ------
    Forbidden
        If the provider's policy lets them not in; the log tells of it.
    """
    acting = ws.with_(principal=system("sign-in"), project="")
    return SIGN_IN.commit(acting, lambda ctx: _admit(ctx, provider, spec, claims))


def _admit(ctx: Context, provider: str, spec: IdentityProviderSpec, claims: dict[str, Any]) -> NewToken:
    subject = str(claims["sub"])[:255]
    if spec.require and not has_claims(claims, spec.require):
        raise _refused("what your provider says of you is not what is asked for here")
    name = _principal_of(ctx.tx, provider, subject)
    is_new = name is None
    name = name or _new_principal(ctx, spec, claims)
    principal = store.find_principal(ctx.tx, name)
    if principal is None or principal.disabled:
        raise _refused(f"{name} was shut out")
    lasts = timedelta(seconds=seconds(spec.session, field="session") or 0.0)
    _save_identity(ctx, provider, subject, name, storable_claims(claims), lasts)
    made = new_token(ctx, name, lasts, note=f"signed in with {provider}", origin="sign-in")
    ctx.emit(
        "principal.signed_in",
        f"principal/{name}",
        data={"provider": provider, "subject": subject, "new": is_new, "token": f"token/{made.token.id}"},
    )
    return made


def _new_principal(ctx: Context, spec: IdentityProviderSpec, claims: dict[str, Any]) -> str:
    said = claims.get(spec.name_claim) or claims.get("email") or claims["sub"]
    name = principal_name_in(normal(str(said)))
    if not name:
        raise _refused(f"nobody can be called {str(said)[:100]!r} here")
    there = store.find_principal(ctx.tx, name)
    if there is not None:
        # To adopt an account is to become somebody: only one that nobody has signed in as, and only of a
        # person.
        taken = ctx.tx.execute(select(identity.c.subject).where(identity.c.principal == name)).first()
        if spec.adopt and not taken and there.kind == "user":
            return name
        raise _refused(f"somebody else is called {name} here")
    if not spec.new:
        raise _refused("nobody here is called so, and new people are not let in")
    store.put_principal(ctx.tx, PrincipalRecord(name=name, kind="user", role=spec.new, created_at=ctx.now()))
    ctx.emit("principal.created", f"principal/{name}", data={"role": spec.new, "kind": "user"})
    return name


def _principal_of(tx: Connection, provider: str, subject: str) -> str | None:
    here = (identity.c.provider == provider) & (identity.c.subject == subject)
    return tx.execute(select(identity.c.principal).where(here)).scalar()


def _save_identity(
    ctx: Context, provider: str, subject: str, name: str, claims: dict[str, Any], lasts: timedelta
) -> None:
    now: datetime = ctx.now()
    here = (identity.c.provider == provider) & (identity.c.subject == subject)
    values = {"principal": name, "claims": claims, "seen_at": now, "claims_until": now + lasts}
    if ctx.tx.execute(update(identity).where(here).values(**values)).rowcount == 0:
        ctx.tx.execute(insert(identity).values(provider=provider, subject=subject, **values))
    access_head.renew(ctx.tx)


def storable_claims(claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims that are kept: texts, lists of texts, numbers and small objects; so many, so long."""
    found: dict[str, Any] = {}
    for key, value in claims.items():
        if key in TRANSIENT_CLAIMS or len(found) >= MAX_CLAIMS:
            continue
        if isinstance(value, list):
            texts = [each for each in value if isinstance(each, str) and len(each) <= MAX_TEXT]
            found[key[:100]] = texts[:MAX_ENTRIES]
        elif isinstance(value, bool | int) or len(str(value)) <= MAX_TEXT:
            found[key[:100]] = value
    kept: dict[str, Any] = _without_nul(msgspec.to_builtins(found))
    return kept


def _without_nul(value: Any) -> Any:
    """Return a value whose texts hold no NUL, which PostgreSQL's TEXT can't."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(each) for each in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(each) for key, each in value.items()}
    return value


def _refused(why: str) -> Forbidden:
    return Forbidden("you are not let in", why=why, hint="ask an owner of this server")
