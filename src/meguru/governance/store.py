"""Rows of principals and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from meguru.errors import NotFound
from meguru.governance.schema import access_head, principal, token
from meguru.governance.types import PrincipalRecord, TokenRecord

_TOKEN = [token.c[name] for name in TokenRecord.__struct_fields__]
_BY_SECRET = (
    select(
        *_TOKEN,
        *(principal.c[name] for name in PrincipalRecord.__struct_fields__),
        select(access_head.c.version).scalar_subquery(),
    )
    .join_from(token, principal)
    .where(token.c.hash == bindparam("hash"))
)


def add_principal(tx: Connection, record: PrincipalRecord) -> None:
    """Insert a principal."""
    tx.execute(insert(principal).values(**_fields(record)))


def find_principal(tx: Connection, name: str) -> PrincipalRecord | None:
    """Return the principal called `name`, if there is one."""
    row = tx.execute(select(principal).where(principal.c.name == name)).first()
    return None if row is None else PrincipalRecord(**row._mapping)


def get_principal(tx: Connection, name: str) -> PrincipalRecord:
    """Return a principal that may act here; NotFound, with names that look like it, if there is none."""
    principal_record = find_principal(tx, name.removeprefix("principal/"))
    if principal_record is None or principal_record.disabled:
        known = [who.name for who in list_principals(tx) if not who.disabled]
        raise NotFound.of("principal", name, known)
    return principal_record


def put_principal(tx: Connection, record: PrincipalRecord) -> None:
    """Write a principal, over the present one, or one that was shut out."""
    values = _fields(record)
    del values["created_at"]
    if tx.execute(update(principal).where(principal.c.name == record.name).values(**values)).rowcount == 0:
        add_principal(tx, record)


def list_principals(tx: Connection) -> list[PrincipalRecord]:
    """Return all principals by name."""
    return [
        PrincipalRecord(**row._mapping) for row in tx.execute(select(principal).order_by(principal.c.name))
    ]


def add_token(tx: Connection, record: TokenRecord, secret_hash: str) -> None:
    """Insert a token, by the hash of its secret."""
    tx.execute(insert(token).values(**_fields(record), hash=secret_hash))


def list_tokens(tx: Connection, owner: str = "", *, before: str = "", limit: int) -> list[TokenRecord]:
    """Return tokens, of one principal or of all, newest first: those made before the one named."""
    query = select(token).order_by(token.c.id.desc()).limit(limit)
    if owner:
        query = query.where(token.c.principal == owner)
    if before:
        query = query.where(token.c.id < before)
    return [_token(row) for row in tx.execute(query)]


def forget_sessions(tx: Connection, before: datetime, limit: int) -> int:
    """Remove tokens of sessions that ran out before a moment, some at a time; return how many."""
    old = select(token.c.id).where(token.c.expires_at < before, token.c.origin != "").limit(limit)
    return tx.execute(delete(token).where(token.c.id.in_(list(tx.execute(old).scalars())))).rowcount


def find_token(tx: Connection, token_id: str) -> TokenRecord | None:
    """Return the token with this id, if there is one."""
    row = tx.execute(select(token).where(token.c.id == token_id)).first()
    return None if row is None else _token(row)


def revoke(tx: Connection, token_id: str, at: datetime) -> None:
    """Mark a token as revoked."""
    tx.execute(update(token).where(token.c.id == token_id).values(revoked_at=at))


def revoke_all(tx: Connection, owner: str, at: datetime) -> None:
    """Mark all tokens of a principal as revoked."""
    here = (token.c.principal == owner) & token.c.revoked_at.is_(None)
    tx.execute(update(token).where(here).values(revoked_at=at))


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """A token, its owner, and the version of all rights, of one moment."""

    token: TokenRecord
    owner: PrincipalRecord
    version: str


def by_secret(tx: Connection, secret_hash: str) -> Admission | None:
    """Return the token whose secret has this hash, and its owner."""
    row = tx.execute(_BY_SECRET, {"hash": secret_hash}).first()
    if row is None:
        return None
    size = len(_TOKEN)
    return Admission(
        token=TokenRecord(**dict(zip(TokenRecord.__struct_fields__, row[:size], strict=True))),
        owner=PrincipalRecord(**dict(zip(PrincipalRecord.__struct_fields__, row[size:-1], strict=True))),
        version=row[-1] or "",
    )


def _token(row: Row[Any]) -> TokenRecord:
    fields = dict(row._mapping)
    del fields["hash"]
    return TokenRecord(**fields)


def _fields(record: PrincipalRecord | TokenRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
