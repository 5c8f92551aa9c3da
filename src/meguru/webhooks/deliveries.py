"""What became of calls: one row for each time that a webhook was called, the newest kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from meguru.base.paging import check_limit
from meguru.kernel.operations import Context, InternalOperation, operation
from meguru.webhooks import store
from meguru.webhooks.kind import WEBHOOK
from meguru.webhooks.schema import webhook_delivery
from meguru.webhooks.types import Delivery, DeliveryResponse

MAX_DELIVERIES = 1000
"""So many calls of a webhook are remembered."""


@operation("webhook.deliveries", permission="webhook:read", query=True)
def deliveries(ctx: Context, *, webhook: str, limit: int = 100) -> list[Delivery]:
    """List the calls that a webhook made, the newest first: when, of what, and what came back."""
    known = store.one(ctx.tx, webhook, ctx.visible)
    table = webhook_delivery.c
    query = select(webhook_delivery).where(table.webhook == known.id).order_by(table.number.desc())
    return [Delivery(**_shown(row)) for row in ctx.tx.execute(query.limit(check_limit(limit)))]


def add_delivery(tx: Connection, call: Delivery) -> None:
    """Write down a call, and forget those that are too old."""
    table = webhook_delivery.c
    mine = table.webhook == call.webhook
    newest = select(table.number).where(mine).order_by(table.number.desc()).limit(1)
    number = (tx.execute(newest).scalar() or 0) + 1
    tx.execute(insert(webhook_delivery).values(number=number, **msgspec.structs.asdict(call)))
    tx.execute(delete(webhook_delivery).where(mine, table.number <= number - MAX_DELIVERIES))


def of_call(
    webhook: str,
    topic: str,
    answer: DeliveryResponse,
    *,
    delivery: str,
    at: datetime,
    event: str = "",
    attempt: int = 1,
) -> Delivery:
    """Return what is remembered of a call and its answer."""
    return Delivery(
        webhook=webhook,
        delivery=delivery,
        topic=topic,
        event=event,
        attempt=attempt,
        at=at,
        status=answer.status,
        error=answer.error or ("" if answer.is_taken else f"it answered {answer.status}"),
        seconds=answer.seconds,
        is_taken=answer.is_taken,
    )


def record_call(ctx: Context, *, call: Delivery) -> None:
    """Write down a call that was made; nothing of a webhook that is gone."""
    if store.find(ctx.tx, call.webhook, lock=True) is not None:
        add_delivery(ctx.tx, call)


def _shown(row: Any) -> dict[str, Any]:
    return {key: value for key, value in row._mapping.items() if key != "number"}


NOTE = InternalOperation(WEBHOOK, "note")
