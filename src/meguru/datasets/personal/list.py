"""Which erasures there were: when, by whom, why and how many rows; who it was is not known."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select

from meguru.artifacts.erasure import ErasedThing
from meguru.artifacts.erasure.schema import erasure
from meguru.base.paging import Page, check_limit
from meguru.kernel.operations import Context, operation


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
def list_erasures(ctx: Context, *, cursor: str = "", limit: int = 100) -> Page[Erasure]:
    """List erasures, newest first; who was erased is written down nowhere."""
    ctx.require(ctx.operation.permission)
    mine = erasure.c
    # Their ids begin with the moment at which they were made.
    query = select(*(mine[name] for name in Erasure.__struct_fields__)).order_by(mine.id.desc())
    query = query.where(mine.id < cursor) if cursor else query
    rows = ctx.tx.execute(query.limit(check_limit(limit) + 1)).all()
    found = [
        msgspec.convert({str(key): value for key, value in row._mapping.items()}, Erasure) for row in rows
    ]
    return Page(items=found[:limit], next_cursor=found[limit - 1].id if len(found) > limit else "")
