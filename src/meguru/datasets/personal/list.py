"""Which erasures there were: when, by whom, why and how many rows; who it was is not known."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select

from meguru.artifacts.erasure import ErasedThing
from meguru.artifacts.erasure.schema import erasure
from meguru.kernel.operations import Context, operation

_MAX_PAGE = 1000


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure: `columns` told who it was; so many `rows` were `found`, where, and why any stay."""

    id: str
    at: datetime
    by: str
    reason: str
    columns: list[str]
    rows: int
    found: list[ErasedThing]
    models: list[str]


@operation("erasure.list", permission="dataset:erase", query=True)
def list_erasures(ctx: Context, *, limit: int = 100) -> list[Erasure]:
    """List erasures, newest first; who was erased is written down nowhere."""
    ctx.require(ctx.operation.permission)
    mine = erasure.c
    query = select(*(mine[name] for name in Erasure.__struct_fields__)).order_by(
        mine.at.desc(), mine.id.desc()
    )
    rows = ctx.tx.execute(query.limit(max(1, min(limit, _MAX_PAGE)))).all()
    return [
        msgspec.convert({str(key): value for key, value in row._mapping.items()}, Erasure) for row in rows
    ]
