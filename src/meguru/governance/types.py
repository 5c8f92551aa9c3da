"""Principals and tokens as people see them; secrets are not among the fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class PrincipalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may act here, with a role."""

    name: str
    kind: str
    role: str
    created_at: datetime
    disabled: bool = False
    person: str = ""


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A token: whose it is, what it may do at most, and until when.

    `origin` is empty for one that was made by hand, else ``sign-in``, ``login`` or ``exchange``; the last was
    given for another system's token, on the word of a `trust`, and has what that one's `claims` said.
    """

    id: str
    principal: str
    note: str
    scope: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    origin: str = ""
    trust: str = ""
    claims: dict[str, Any] = {}


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token just made. `secret` is shown this once and kept nowhere."""

    token: TokenRecord
    secret: str
