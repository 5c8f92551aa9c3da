"""The authorization code flow with PKCE: where a browser is sent, and what comes back."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from meguru.base.secret_refs import open_secret
from meguru.errors import Conflict, MissingDependency, Unauthenticated
from meguru.governance.oidc.fetching import get_json, post_form
from meguru.governance.oidc.issuers import ISSUERS, ProviderMetadata
from meguru.governance.oidc.verify import verify
from meguru.governance.sign_in.kind import IdentityProviderSpec

if TYPE_CHECKING:
    from authlib.oauth2.client import OAuth2Client

MAX_CODE_LENGTH = 4096


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to sign in, as its browser keeps it until the provider sends it back.

    `state` ties the answer to the browser that asked, `nonce` the signed token to this attempt, `verifier`
    the exchange to who began it.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    then: str = "/"


def begin(provider: str, spec: IdentityProviderSpec, callback: str, then: str) -> tuple[str, Attempt]:
    """Return where the browser is to be sent, and what it is to keep."""
    attempt = Attempt(
        provider=provider,
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        then=then,
    )
    where = ISSUERS.metadata(spec.issuer)
    if not where.authorization_endpoint or not where.token_endpoint:
        raise Conflict(f"{spec.issuer} signs nobody in", why="it names no place to")
    url, _ = _client(spec, where, callback).create_authorization_url(
        where.authorization_endpoint,
        state=attempt.state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
    )
    return url, attempt


def finish(
    attempt: Attempt, spec: IdentityProviderSpec, callback: str, answered: dict[str, str], now: datetime
) -> dict[str, Any]:
    """Return what the provider says of who signed in.

    Parameters
    ----------
    attempt
        What the browser kept.
    spec
        The provider.
    callback
        Where it sent the browser.
    answered
        The parameters that it sent the browser with.
    now
        The moment.

    Raises
    ------
    Unauthenticated
        If the answer is not to this attempt, or what is signed is not for us.
    """
    where = ISSUERS.metadata(spec.issuer)
    if not hmac.compare_digest(answered.get("state", "").encode(), attempt.state.encode()):
        raise Unauthenticated("this sign-in was not begun here", hint="begin again")
    # RFC 9207, against mix-up: a provider that promises `iss` in its answers must have sent it.
    said_by = answered.get(
        "iss", "" if where.authorization_response_iss_parameter_supported else where.issuer
    )
    if said_by != where.issuer:
        raise Unauthenticated("another provider answered", why="its name is not the one that was asked")
    if "code" not in answered:
        why = answered.get("error_description") or answered.get("error") or "it sent no code"
        raise Unauthenticated("the provider did not sign you in", why=why[:300])
    token = _exchange(spec, where, callback, answered["code"][:MAX_CODE_LENGTH], attempt.verifier)
    signed = token.get("id_token")
    if not isinstance(signed, str):
        why = str(token.get("error_description") or token.get("error") or "it sent no signed token")
        raise Unauthenticated("the provider did not sign you in", why=why[:300])
    claims = verify(signed, issuer=spec.issuer, audience=spec.client_id, now=now, nonce=attempt.nonce)
    return _with_more(claims, where, str(token.get("access_token") or ""))


def _exchange(
    spec: IdentityProviderSpec, where: ProviderMetadata, callback: str, code: str, verifier: str
) -> dict[str, Any]:
    body = urlencode(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": verifier,
        }
    )
    client = _client(spec, where, callback)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url, headers, body = client.client_auth(client.token_endpoint_auth_method).prepare(
        "POST", where.token_endpoint, headers, body
    )
    return post_form(url, headers, body)


def _with_more(claims: dict[str, Any], where: ProviderMetadata, access: str) -> dict[str, Any]:
    """Add what the provider tells only when asked with the access token; what is signed goes before it."""
    if not where.userinfo_endpoint or not access:
        return claims
    more = get_json(where.userinfo_endpoint, bearer=access)
    # OpenID Connect Core 5.3.2: or the token of one person could bring the attributes of another.
    if more.get("sub") != claims["sub"]:
        raise Unauthenticated("the provider tells of somebody else", why="the two subjects differ")
    return more | claims


def _client(spec: IdentityProviderSpec, where: ProviderMetadata, callback: str) -> OAuth2Client:
    try:
        from authlib.oauth2.client import OAuth2Client
    except ImportError as error:
        raise MissingDependency.of("oidc", "authlib") from error
    known = where.token_endpoint_auth_methods_supported
    # The secret in a header where the provider takes it so: bodies are logged more often.
    way = next((each for each in ("client_secret_basic", "client_secret_post") if each in known), known[0])
    return OAuth2Client(
        None,
        client_id=spec.client_id,
        client_secret=open_secret(spec.client_secret) if spec.client_secret else None,
        token_endpoint_auth_method=way if spec.client_secret else "none",
        scope=" ".join(dict.fromkeys(["openid", *spec.scopes])),
        redirect_uri=callback,
        code_challenge_method="S256",
    )
