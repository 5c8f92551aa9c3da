"""Rows of principals and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from meguru.governance.schema import principal, token
from meguru.governance.types import PrincipalRecord, TokenRecord


def add_principal(tx: Connection, record: PrincipalRecord) -> None:
    """Insert a principal."""
    tx.execute(insert(principal).values(**_fields(record)))


def find_principal(tx: Connection, name: str) -> PrincipalRecord | None:
    """Return the principal called `name`, if there is one."""
    row = tx.execute(select(principal).where(principal.c.name == name)).first()
    return None if row is None else PrincipalRecord(**row._mapping)


def list_principals(tx: Connection) -> list[PrincipalRecord]:
    """Return all principals by name."""
    return [
        PrincipalRecord(**row._mapping) for row in tx.execute(select(principal).order_by(principal.c.name))
    ]


def add_token(tx: Connection, record: TokenRecord, secret_hash: str) -> None:
    """Insert a token, by the hash of its secret."""
    tx.execute(insert(token).values(**_fields(record), hash=secret_hash))


def list_tokens(tx: Connection, owner: str = "") -> list[TokenRecord]:
    """Return the tokens, of one principal or of all, oldest first."""
    query = select(token).order_by(token.c.id)
    if owner:
        query = query.where(token.c.principal == owner)
    return [_token(row) for row in tx.execute(query)]


def find_token(tx: Connection, token_id: str) -> TokenRecord | None:
    """Return the token with this id, if there is one."""
    row = tx.execute(select(token).where(token.c.id == token_id)).first()
    return None if row is None else _token(row)


def revoke(tx: Connection, token_id: str, at: datetime) -> None:
    """Mark a token as revoked."""
    tx.execute(update(token).where(token.c.id == token_id).values(revoked_at=at))


def by_secret(tx: Connection, secret_hash: str) -> tuple[TokenRecord, PrincipalRecord] | None:
    """Return the token whose secret has this hash, and its owner."""
    row = tx.execute(select(token).where(token.c.hash == secret_hash)).first()
    if row is None:
        return None
    found = _token(row)
    owner = find_principal(tx, found.principal)
    return None if owner is None else (found, owner)


def has_tokens(tx: Connection) -> bool:
    """Tell whether any token was ever made here."""
    return bool(tx.execute(select(func.count()).select_from(token)).scalar())


def _token(row: Row[Any]) -> TokenRecord:
    fields = dict(row._mapping)
    del fields["hash"]
    return TokenRecord(**fields)


def _fields(record: PrincipalRecord | TokenRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
