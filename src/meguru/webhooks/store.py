"""SQL of webhooks; every function takes an open transaction."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from meguru.errors import NotFound
from meguru.webhooks.schema import webhook, webhook_cursor, webhook_secret
from meguru.webhooks.types import Webhook, WebhookState


def keep(tx: Connection, item: Webhook) -> None:
    """Write a webhook over what it was before."""
    tx.execute(delete(webhook).where(webhook.c.id == item.id))
    tx.execute(insert(webhook).values(msgspec.structs.asdict(item)))


def one(tx: Connection, identity: str) -> Webhook:
    """Return a webhook, or say that there is none."""
    row = tx.execute(select(webhook).where(webhook.c.id == identity)).first()
    if row is None:
        raise NotFound.of("webhook", identity[:80])
    return _webhook(row)


def find(tx: Connection, identity: str) -> Webhook | None:
    """Return a webhook; None when there is none."""
    row = tx.execute(select(webhook).where(webhook.c.id == identity)).first()
    return None if row is None else _webhook(row)


def all_webhooks(tx: Connection) -> list[Webhook]:
    """Return all webhooks, the newest first."""
    order = (webhook.c.created_at.desc(), webhook.c.id.desc())
    return [_webhook(row) for row in tx.execute(select(webhook).order_by(*order))]


def remove(tx: Connection, identity: str) -> None:
    """Forget a webhook and its secret."""
    tx.execute(delete(webhook).where(webhook.c.id == identity))
    tx.execute(delete(webhook_secret).where(webhook_secret.c.webhook == identity))


def set_secret(tx: Connection, identity: str, secret: str) -> None:
    """Keep the secret that calls are signed with, over the one before."""
    tx.execute(delete(webhook_secret).where(webhook_secret.c.webhook == identity))
    tx.execute(insert(webhook_secret).values(webhook=identity, secret=secret))


def secret_of(tx: Connection, identity: str) -> str:
    """Return the secret that calls are signed with; empty when there is none."""
    query = select(webhook_secret.c.secret).where(webhook_secret.c.webhook == identity)
    return tx.execute(query).scalar() or ""


def cursor(tx: Connection) -> int:
    """Return the event up to which calls were promised."""
    return tx.execute(select(webhook_cursor.c.seq)).scalar() or 0


def set_cursor(tx: Connection, seq: int) -> None:
    """Note up to which event calls were promised."""
    if not tx.execute(update(webhook_cursor).values(seq=seq)).rowcount:
        tx.execute(insert(webhook_cursor).values(id=1, seq=seq))


def _webhook(row: Any) -> Webhook:
    fields = dict(row._mapping)
    return Webhook(**fields | {"state": WebhookState(fields["state"])})
