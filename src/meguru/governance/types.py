"""Principals and tokens as people see them; secrets are not among the fields."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PrincipalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may act here, with a role."""

    name: str
    kind: str
    role: str
    created_at: datetime
    disabled: bool = False


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A token: whose it is, what it may do at most, and until when."""

    id: str
    principal: str
    note: str
    scope: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token just made. `secret` is shown this once and kept nowhere."""

    token: TokenRecord
    secret: str
