"""SQL of model signatures, on an open transaction."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select

from meguru.registry.signatures.schema import model_signature
from meguru.registry.signatures.types import StoredModelSignature

_COLUMNS = [model_signature.c[name] for name in StoredModelSignature.__struct_fields__]


def put(tx: Connection, item: StoredModelSignature) -> None:
    """Write a signature, over one by the same key."""
    mine = model_signature.c
    here = (mine.name == item.name) & (mine.version == item.version) & (mine.key == item.key)
    tx.execute(delete(model_signature).where(here))
    tx.execute(insert(model_signature).values(msgspec.structs.asdict(item)))


def of_version(tx: Connection, name: str, version: int) -> list[StoredModelSignature]:
    """Return the signatures of a model version, oldest first."""
    mine = model_signature.c
    query = select(*_COLUMNS).where(mine.name == name, mine.version == version)
    return [StoredModelSignature(**row._mapping) for row in tx.execute(query.order_by(mine.at, mine.key))]
