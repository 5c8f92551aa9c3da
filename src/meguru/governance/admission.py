"""Who a token stands for, and what that one may do now."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from meguru.errors import MeguruError, Unauthenticated
from meguru.governance import store
from meguru.governance.rights import AccessTable, Rights, read_table, rights_of
from meguru.governance.standing import with_rights
from meguru.governance.tokens import PREFIX, hash_of
from meguru.governance.types import PrincipalRecord
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace

MAX_CACHED = 10_000


class RightsCache:
    """Keeps what principals may do while nothing of it changes, on whatever server. For many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: str | None = None
        self._table = AccessTable()
        self._known: OrderedDict[str, Rights] = OrderedDict()

    def rights(self, tx: Connection, who: PrincipalRecord, version: str, now: datetime) -> Rights:
        """Return what a principal may do, as of the version that was read with it."""
        # The version was read in the same transaction as the token: what is cached under it can't be newer or
        # older than what that transaction sees. Any change of rights makes another version, and empties the
        # cache.
        with self._lock:
            if version != self._version:
                self._table, self._version = read_table(tx), version
                self._known.clear()
            found = self._known.get(who.name)
            # `until`: what a sign-in said of groups lapses by the clock, which no version tells of.
            if found is None or (found.until is not None and found.until <= now):
                found = rights_of(tx, who, self._table, now)
                self._known[who.name] = found
                if len(self._known) > MAX_CACHED:
                    self._known.popitem(last=False)
            return found


def authenticate(ws: Workspace, secret: str) -> Principal:
    """Return whom a token's secret stands for; see `principal_of`."""
    with ws.read() as tx:
        return principal_of(tx, secret, ws.clock.now())


def principal_of(tx: Connection, secret: str, now: datetime, cache: RightsCache | None = None) -> Principal:
    """Return whom a token's secret stands for.

    Raises
    ------
    Unauthenticated
        If the secret is unknown, expired or revoked, or its owner was shut out; which, is not told.
    """
    # One statement for token, owner and version: each request of the server comes by here.
    admission = store.by_secret(tx, hash_of(secret)) if secret.startswith(PREFIX) else None
    if admission is None or admission.owner.disabled or not _is_valid(admission, now):
        raise unknown_token()
    rights = (cache or RightsCache()).rights(tx, admission.owner, admission.version, now)
    scope = None if admission.token.scope == ["*"] else frozenset(admission.token.scope)
    principal = with_rights(admission.owner, rights, scope)
    return msgspec.structs.replace(principal, claims=admission.token.claims, token=admission.token.id)


def unknown_token() -> MeguruError:
    """Return the one error for all tokens that are not valid."""
    return Unauthenticated(
        "the token is not valid", why="it is unknown, expired or revoked", hint="ask an owner for a new one"
    )


def _is_valid(found: store.Admission, now: datetime) -> bool:
    return found.token.revoked_at is None and found.token.expires_at > now
