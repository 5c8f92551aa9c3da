"""Verify what an issuer signed: its key, for whom it is, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meguru.errors import MissingDependency, Unauthenticated
from meguru.governance.oidc.issuers import ISSUERS, Issuers

ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
"""Only those with a public key: a shared secret or no signature (``none``) is never taken."""
LEEWAY = 60
"""Seconds that clocks may differ."""
MAX_TOKEN_LENGTH = 16_384


def verify(
    token: str,
    *,
    issuer: str,
    audience: str,
    now: datetime,
    nonce: str = "",
    issuers: Issuers = ISSUERS,
) -> dict[str, Any]:
    """Return the claims of a signed token.

    Parameters
    ----------
    token
        A JWT in its compact form.
    issuer, audience
        Who must have signed it, and for whom.
    now
        The moment, by which it may be `LEEWAY` seconds too young or too old.
    nonce
        What the token must repeat; empty when it need not.
    issuers
        Whom to ask for keys.

    Raises
    ------
    Unauthenticated
        Naming what is wrong: the signature, a claim that is missing or says otherwise, or the time.
    """
    try:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
    except ImportError as error:
        raise MissingDependency.of("oidc", "authlib") from error
    if len(token) > MAX_TOKEN_LENGTH:
        raise _refused("it is too long")
    # The issuer is the one that was asked for, never the one that the token names: it can't choose its judge.
    keys = issuers.keys(issuer, str(unverified_header(token).get("kid", "")))
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            found.claims,
            found.header,
            {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": audience}},
            {"nonce": nonce, "client_id": audience},
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _refused(_reason(error)) from error
    _check_one_audience(claims, audience)
    return dict(claims)


def unverified_header(token: str) -> dict[str, Any]:
    """Return the header of a token, on which nothing but the choice of a key may rest."""
    return _part(token, 0)


def unverified_claims(token: str) -> dict[str, Any]:
    """Return what a token claims, on which nothing but the choice of whom to ask may rest."""
    return _part(token, 1)


def _part(token: str, number: int) -> dict[str, Any]:
    import base64
    import binascii

    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN_LENGTH:
        raise _refused("it is no JWT")
    text = parts[number]
    try:
        return msgspec.json.decode(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=dict[str, Any]
        )
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _refused("it is no JWT") from error


def _check_one_audience(claims: dict[str, Any], audience: str) -> None:
    # A token for several is taken only by the party it was issued to (OpenID Connect Core, 3.1.3.7).
    for_whom = claims.get("aud")
    if isinstance(for_whom, list) and len(for_whom) > 1 and claims.get("azp") != audience:
        raise _refused("it is for several, and was issued to another")


def _reason(error: Exception) -> str:
    claim = getattr(error, "claim", "")
    name = type(error).__name__.removesuffix("Error")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return f"{words}: {claim}" if claim else words


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated("the signed token is not valid", why=why)
