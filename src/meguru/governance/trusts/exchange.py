"""Give a short token of ours for one that a trusted issuer signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from meguru.base.durations import seconds
from meguru.errors import Forbidden, Unauthenticated
from meguru.governance.kind import TOKEN
from meguru.governance.oidc.verify import unverified_claims, verify
from meguru.governance.rights import TRUSTED
from meguru.governance.sign_in.admit import storable_claims
from meguru.governance.tokens import new_token
from meguru.governance.trusts.kind import TrustSpec
from meguru.governance.trusts.spec import STORE
from meguru.governance.types import NewToken
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.operations.authorise import denials_logged
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

EXCHANGE = InternalOperation(TOKEN, "exchange", evented=True)


def exchange(ws: Workspace, signed: str, *, trust: str = "") -> NewToken:
    """Return a token for what an issuer signed.

    Parameters
    ----------
    ws
        The workspace.
    signed
        A JWT, such as a forge gives its jobs.
    trust
        By which trust it is to be taken; by default the one that takes it.

    Raises
    ------
    Unauthenticated
        If no trust knows its issuer and audience, or its signature or time is not valid.
    Forbidden
        If it says otherwise than asked for; the log tells of it.
    """
    acting = ws.with_(principal=system("token-exchange"), project="")
    with ws.read() as tx:
        declared = STORE.every(tx)
    known = {name: spec for name, spec in declared.items() if not trust or name == trust}
    claims = _verified(ws, signed, known)
    with denials_logged(acting, "token.exchange"):
        name = _taking(claims, {each: spec for each, spec in known.items() if _is_for(claims, spec)})
    return EXCHANGE.commit(acting, lambda ctx: _give(ctx, name, claims))


def _verified(ws: Workspace, signed: str, known: Mapping[str, TrustSpec]) -> dict[str, Any]:
    """Return the claims, once they are proved: what is not yet only says whom to ask for the keys."""
    # Read before it is verified, only to choose which declared issuer to ask for keys: nothing unknown is
    # called.
    said = unverified_claims(signed)
    for spec in known.values():
        if said.get("iss") == spec.issuer and _is_for(said, spec):
            return verify(signed, issuer=spec.issuer, audience=spec.audience, now=ws.clock.now())
    issuer, audience = (str(said.get(each))[:200] for each in ("iss", "aud"))
    raise Unauthenticated(
        "no trust takes this token",
        why=f"none is of the issuer {issuer!r} and the audience {audience!r}",
        hint="declare one: [trust.NAME] in meguru.toml",
    )


def _is_for(claims: Mapping[str, Any], spec: TrustSpec) -> bool:
    audience = claims.get("aud")
    for_whom = audience if isinstance(audience, list) else [audience]
    return claims.get("iss") == spec.issuer and spec.audience in for_whom


def _taking(claims: Mapping[str, Any], known: Mapping[str, TrustSpec]) -> str:
    """Return the one trust that takes these claims."""
    missing = {name: missing_claim(claims, spec) for name, spec in known.items()}
    fitting = [name for name, claim in missing.items() if not claim]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Forbidden(
            "several trusts take this token", why=", ".join(fitting[:5]), hint="name one: trust=NAME"
        )
    said = "; ".join(
        f"trust/{name} does not take {claim} = {str(claims.get(claim))[:100]!r}"
        for name, claim in list(missing.items())[:3]
    )
    raise Forbidden("no trust takes this token", why=said, hint="ask an owner which claims are taken")


def missing_claim(claims: Mapping[str, Any], spec: TrustSpec) -> str:
    """Return the first claim that does not say what a trust asks for; empty if all do."""
    for key, wanted in spec.claims.items():
        value = claims.get(key)
        said = str(value).lower() if isinstance(value, bool) else str(value)
        patterns = wanted if isinstance(wanted, list) else [wanted]
        if (
            value is None
            or isinstance(value, list | dict)
            or not any(_fits(said, pattern) for pattern in patterns)
        ):
            return key
    return ""


def _fits(said: str, pattern: str) -> bool:
    # By hand, in linear time: as a regular expression, several `.*` in a row backtrack, and what is matched
    # was written by whoever named a branch.
    first, *rest = pattern.split("*")
    if not rest:
        return said == pattern
    *middle, last = rest
    at, end = len(first), len(said) - len(last)
    if at > end or not (said.startswith(first) and said.endswith(last)):
        return False
    for part in middle:
        found = said.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _give(ctx: Context, name: str, claims: dict[str, Any]) -> NewToken:
    spec = STORE.get(ctx.tx, name)
    lasts = seconds(spec.ttl, field="ttl") or 0.0
    kept = storable_claims(claims)
    made = new_token(
        ctx,
        TRUSTED + name,
        timedelta(seconds=lasts),
        note=str(claims.get("sub", ""))[:200],
        origin="exchange",
        trust=name,
        claims=kept,
    )
    ctx.emit(
        "token.issued",
        f"token/{made.token.id}",
        data={"principal": TRUSTED + name, "by": f"trust/{name}", "seconds": int(lasts), "claims": kept},
    )
    return made
