"""SQL of webhooks; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, true, update

from meguru.errors import InvalidInput, NotFound
from meguru.webhooks.schema import webhook, webhook_cursor, webhook_delivery, webhook_secret
from meguru.webhooks.types import Webhook, WebhookState


def save(tx: Connection, item: Webhook) -> None:
    """Write a webhook over what it was before."""
    tx.execute(delete(webhook).where(webhook.c.id == item.id))
    tx.execute(insert(webhook).values(msgspec.structs.asdict(item)))


def one(tx: Connection, named: str, projects: AbstractSet[str] | None) -> Webhook:
    """Return the webhook with this id, or the only one with this name, of some projects (None: of all)."""
    known = find(tx, named)
    if known is not None and (projects is None or known.project in projects):
        return known
    here = _of(projects)
    same = tx.execute(select(webhook).where(webhook.c.name == named[:200], here).limit(2)).all()
    if len(same) > 1:
        why = "more than one webhook has this name"
        raise InvalidInput(
            f"{named[:80]!r} names no one webhook", why=why, hint="use its id", field="webhook"
        )
    if not same:
        raise NotFound.of(
            "webhook", named[:80], list(tx.execute(select(webhook.c.name).where(here)).scalars())
        )
    return _webhook(same[0])


def find(tx: Connection, identity: str, *, lock: bool = False) -> Webhook | None:
    """Return a webhook, perhaps held until the transaction ends; None when there is none."""
    query = select(webhook).where(webhook.c.id == identity)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _webhook(row)


def project_of(tx: Connection, named: str) -> str | None:
    """Return the project of the webhook with this id, or of the only one with this name; None if none is."""
    mine = (webhook.c.id == named) | (webhook.c.name == named[:200])
    rows = tx.execute(select(webhook.c.id, webhook.c.project).where(mine).limit(3)).all()
    found = [row for row in rows if row.id == named] or rows
    return str(found[0].project) if len(found) == 1 else None


def all_webhooks(tx: Connection, projects: AbstractSet[str] | None = None) -> list[Webhook]:
    """Return the webhooks of some projects (None: of all), the newest first."""
    query = select(webhook).where(_of(projects))
    order = (webhook.c.created_at.desc(), webhook.c.id.desc())
    return [_webhook(row) for row in tx.execute(query.order_by(*order))]


def remove(tx: Connection, identity: str) -> None:
    """Forget a webhook and its secret."""
    tx.execute(delete(webhook).where(webhook.c.id == identity))
    for table in (webhook_secret, webhook_delivery):
        tx.execute(delete(table).where(table.c.webhook == identity))


def keep_secret(tx: Connection, identity: str, sealed: str) -> None:
    """Keep the sealed secret that calls are signed with, over the one before."""
    tx.execute(delete(webhook_secret).where(webhook_secret.c.webhook == identity))
    tx.execute(insert(webhook_secret).values(webhook=identity, secret=sealed, sealed=True))


def secret_of(tx: Connection, identity: str) -> tuple[str, bool]:
    """Return what is kept of a secret, and whether it is sealed; an empty text when there is none."""
    query = select(webhook_secret.c.secret, webhook_secret.c.sealed)
    row = tx.execute(query.where(webhook_secret.c.webhook == identity)).first()
    return (row.secret, row.sealed) if row else ("", False)


def secrets(tx: Connection) -> dict[str, tuple[str, bool]]:
    """Return what is kept of all secrets, by webhook, and whether each is sealed."""
    rows = tx.execute(select(webhook_secret).order_by(webhook_secret.c.webhook))
    return {row.webhook: (row.secret, row.sealed) for row in rows}


def cursor(tx: Connection) -> int:
    """Return the event up to which calls were promised."""
    return tx.execute(select(webhook_cursor.c.seq)).scalar() or 0


def set_cursor(tx: Connection, seq: int) -> None:
    """Note up to which event calls were promised."""
    if not tx.execute(update(webhook_cursor).values(seq=seq)).rowcount:
        tx.execute(insert(webhook_cursor).values(id=1, seq=seq))


def _of(projects: AbstractSet[str] | None) -> ColumnElement[bool]:
    return true() if projects is None else webhook.c.project.in_(sorted(projects))


def _webhook(row: Any) -> Webhook:
    fields = dict(row._mapping)
    return Webhook(**fields | {"state": WebhookState(fields["state"])})
