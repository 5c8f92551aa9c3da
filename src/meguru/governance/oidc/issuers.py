"""What issuers say of themselves, and their keys, kept for a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.errors import MissingDependency, Unauthenticated
from meguru.governance.oidc.fetching import check_url, get_json

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

CACHE_SECONDS = 3600.0
MIN_REFRESH_SECONDS = 10.0
"""An unknown key makes us look again, at most so often: who invents keys does not make us ask without end."""
MAX_ISSUERS = 100


class ProviderMetadata(msgspec.Struct, frozen=True):
    """What a provider publishes at ``/.well-known/openid-configuration``, as far as it is used."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(
        default_factory=lambda: ["client_secret_basic"]
    )
    authorization_response_iss_parameter_supported: bool = False


class _CachedIssuer(msgspec.Struct):
    metadata: ProviderMetadata
    asked: float
    keys: Any = None
    keys_asked: float = 0.0


class Issuers:
    """Asks issuers when it has to; for many threads, which wait for each other while one asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cache: dict[str, _CachedIssuer] = {}

    def metadata(self, issuer: str) -> ProviderMetadata:
        """Return what an issuer says of itself.

        Raises
        ------
        Unauthenticated
            If it calls itself otherwise, or what it says makes no sense.
        Busy
            If it can't be reached.
        """
        with self._lock:
            return self._cached(issuer).metadata

    def keys(self, issuer: str, key: str) -> KeySet:
        """Return the keys of an issuer, asked anew when the one called `key` is not among them."""
        with self._lock:
            cached_issuer, now = self._cached(issuer), time.monotonic()
            age = now - cached_issuer.keys_asked
            known = cached_issuer.keys is not None and (
                not key or any(each.kid == key for each in cached_issuer.keys.keys)
            )
            if cached_issuer.keys is None or age > CACHE_SECONDS or (not known and age > MIN_REFRESH_SECONDS):
                cached_issuer.keys, cached_issuer.keys_asked = (
                    _key_set(get_json(cached_issuer.metadata.jwks_uri)),
                    now,
                )
            found: KeySet = cached_issuer.keys
            return found

    def _cached(self, issuer: str) -> _CachedIssuer:
        cached_issuer, now = self._cache.get(issuer), time.monotonic()
        if cached_issuer is not None and now - cached_issuer.asked < CACHE_SECONDS:
            return cached_issuer
        # Issuers are those that are declared: this bounds a workspace whose declarations change all the time.
        if len(self._cache) >= MAX_ISSUERS:
            self._cache.clear()
        fresh = _read(issuer)
        if cached_issuer is not None and cached_issuer.metadata.jwks_uri == fresh.jwks_uri:
            cached_issuer.metadata, cached_issuer.asked = fresh, now
            return cached_issuer
        self._cache[issuer] = _CachedIssuer(metadata=fresh, asked=now)
        return self._cache[issuer]


def _read(issuer: str) -> ProviderMetadata:
    said = get_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    try:
        metadata = msgspec.convert(said, ProviderMetadata)
    except msgspec.ValidationError as error:
        raise Unauthenticated(f"{issuer} does not say what it is", why=str(error)) from error
    # OpenID Connect Discovery 4.3: or one provider could publish itself as another.
    if metadata.issuer != issuer:
        why = f"it calls itself {metadata.issuer[:200]!r}"
        raise Unauthenticated(f"{issuer} is not what it should be", why=why, hint="declare it by that name")
    for field in ("jwks_uri", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        if url := getattr(metadata, field):
            check_url(url, field)
    return metadata


def _key_set(said: dict[str, Any]) -> KeySet:
    try:
        from joserfc.errors import JoseError
        from joserfc.jwk import JWKRegistry, KeySet
    except ImportError as error:
        raise MissingDependency.of("oidc", "joserfc") from error
    keys = []
    for each in said.get("keys", [])[:MAX_ISSUERS]:
        # Keys of kinds that we do not know, or for encryption, are no reason to know none.
        if (
            isinstance(each, dict)
            and each.get("kty") in {"RSA", "EC", "OKP"}
            and each.get("use", "sig") == "sig"
        ):
            try:
                keys.append(JWKRegistry.import_key(each))
            except (JoseError, ValueError):
                continue
    return KeySet(keys)


ISSUERS = Issuers()
