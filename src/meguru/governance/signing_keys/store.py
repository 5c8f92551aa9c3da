"""SQL of signing keys, on an open transaction."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from meguru.errors import NotFound
from meguru.governance.signing_keys.schema import signing_key
from meguru.governance.signing_keys.types import SERVER, SigningKeyRecord

_COLUMNS = [signing_key.c[name] for name in SigningKeyRecord.__struct_fields__]


def add(tx: Connection, record: SigningKeyRecord, sealed: str | None = None) -> None:
    """Insert a key; `sealed` is the secret half of one of the server's."""
    tx.execute(insert(signing_key).values(**msgspec.structs.asdict(record), sealed=sealed))


def find(tx: Connection, key_id: str) -> SigningKeyRecord | None:
    """Return the key of a fingerprint; None if there is none."""
    row = tx.execute(select(*_COLUMNS).where(signing_key.c.id == key_id)).first()
    return None if row is None else SigningKeyRecord(**row._mapping)


def get(tx: Connection, key_id: str) -> SigningKeyRecord:
    """Return the key of a fingerprint, or of its first letters; NotFound unless there is just one."""
    begin = key_id.removeprefix("signing_key/")
    where = signing_key.c.id.startswith(begin, autoescape=True)
    rows = tx.execute(select(*_COLUMNS).where(where).limit(2)).all() if begin else []
    if len(rows) != 1:
        raise NotFound.of("signing_key", key_id, [key.id[:12] for key in page(tx)])
    return SigningKeyRecord(**rows[0]._mapping)


def page(tx: Connection, owner: str | None = None) -> list[SigningKeyRecord]:
    """Return the keys of somebody (None: of all), oldest first."""
    query = select(*_COLUMNS).order_by(signing_key.c.created_at, signing_key.c.id)
    if owner is not None:
        query = query.where(signing_key.c.owner == owner)
    return [SigningKeyRecord(**row._mapping) for row in tx.execute(query)]


def present_server_key(tx: Connection, algorithm: str) -> tuple[SigningKeyRecord, str] | None:
    """Return the server's key that signs by now, with its sealed secret; None if there is none."""
    here = (signing_key.c.owner_kind == SERVER) & (signing_key.c.algorithm == algorithm)
    here &= signing_key.c.retired_at.is_(None) & signing_key.c.revoked_at.is_(None)
    row = tx.execute(select(*_COLUMNS, signing_key.c.sealed).where(here)).first()
    return None if row is None else (SigningKeyRecord(**dict(zip(_NAMES, row[:-1], strict=True))), row[-1])


def reseal(tx: Connection, key_id: str, sealed: str) -> None:
    """Write the secret of one of the server's keys, sealed anew."""
    tx.execute(update(signing_key).where(signing_key.c.id == key_id).values(sealed=sealed))


def retire(tx: Connection, key_id: str, at: datetime) -> None:
    """Mark a key as one that signs no more; its secret is forgotten."""
    tx.execute(update(signing_key).where(signing_key.c.id == key_id).values(retired_at=at, sealed=None))


def revoke(tx: Connection, key_id: str, *, since: datetime, by: str, reason: str) -> None:
    """Mark a key as good for nothing since a moment, never a later one; the server's secret is forgotten."""
    # In the condition, not in Python: of two that revoke at once, the earlier moment stands.
    values = {"revoked_at": since, "revoked_by": by, "reason": reason, "sealed": None}
    later = signing_key.c.revoked_at.is_(None) | (signing_key.c.revoked_at > since)
    tx.execute(update(signing_key).where(signing_key.c.id == key_id, later).values(values))


_NAMES = SigningKeyRecord.__struct_fields__
