"""Tables of principals and tokens, and of what is declared of access."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

principal = Table(
    "principal",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("role", String(50), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("person", String(200), nullable=False, server_default=""),
)

token = Table(
    "token",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("principal", ForeignKey("principal.name"), nullable=False, index=True),
    Column("note", String(200), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scope", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("revoked_at", UtcTime),
    Column("origin", String(20), nullable=False, server_default=""),
    Column("trust", String(100), nullable=False, server_default=""),
    Column("claims", Json, nullable=False, server_default="{}"),
)
"""`origin` is how it came to be: empty for one that was made by hand, ``sign-in``, ``login`` or ``exchange``.
What one of the last kind may do is what its `trust` says now; its `claims` are what the other side signed."""

access_rule = Table(
    "access_rule",
    metadata,
    Column("kind", String(50), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
    Column("retired_at", UtcTime),
)
"""What is declared of access, by kind: roles, groups, grants, providers of identity, what is trusted."""

access_head = Table(
    "access_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", String(64), nullable=False),
)
"""One row. `version` is another one after each change of who may do what: servers keep rights by it."""

identity = Table(
    "identity",
    metadata,
    Column("provider", String(100), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("principal", ForeignKey("principal.name"), nullable=False, index=True),
    Column("claims", Json, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("claims_until", UtcTime, nullable=False),
)
"""Who signs in as whom. What a sign-in says (`claims`) counts for groups until `claims_until`."""

login_request = Table(
    "login_request",
    metadata,
    Column("device_hash", String(64), primary_key=True),
    Column("user_code", String(20), nullable=False, unique=True),
    Column("machine", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("principal", String(100)),
    Column("scope", Json, nullable=False),
    Column("refused", Boolean, nullable=False),
)
"""Command lines that ask to be let in. `principal` is who let one in, with at most `scope`."""
