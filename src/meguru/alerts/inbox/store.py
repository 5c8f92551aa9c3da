"""SQL of subscriptions and inboxes; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.alerts.inbox.schema import inbox_cursor, inbox_item, inbox_settings, subscription
from meguru.alerts.inbox.types import InboxItem, InboxSettings, InboxSubscription

MAX_ITEMS = 1000
"""So many things an inbox keeps."""
_REFS_PER_QUERY = 500


def find(tx: Connection, principal: str, about: str) -> InboxSubscription | None:
    """Return a subscription, also a muted one; None if there is none."""
    mine = (subscription.c.principal == principal) & (subscription.c.about == about)
    row = tx.execute(select(subscription).where(mine)).first()
    return None if row is None else _convert(row, InboxSubscription)


def save_subscription(tx: Connection, item: InboxSubscription) -> None:
    """Write a subscription over what it was."""
    mine = (subscription.c.principal == item.principal) & (subscription.c.about == item.about)
    tx.execute(delete(subscription).where(mine))
    tx.execute(insert(subscription).values(**msgspec.structs.asdict(item)))


def subscriptions(tx: Connection, principal: str) -> list[InboxSubscription]:
    """Return what a principal follows, by name."""
    query = select(subscription).where(subscription.c.principal == principal, ~subscription.c.muted)
    return [_convert(row, InboxSubscription) for row in tx.execute(query.order_by(subscription.c.about))]


def followers(tx: Connection, refs: Iterable[str]) -> list[InboxSubscription]:
    """Return the subscriptions to some things."""
    wanted, found = sorted(set(refs)), []
    for first in range(0, len(wanted), _REFS_PER_QUERY):
        some = subscription.c.about.in_(wanted[first : first + _REFS_PER_QUERY])
        found += [_convert(row, InboxSubscription) for row in tx.execute(select(subscription).where(some))]
    return found


def has_any(tx: Connection) -> bool:
    """Tell whether anybody follows anything."""
    return tx.execute(select(subscription.c.principal).limit(1)).first() is not None


def add_items(tx: Connection, items: Sequence[InboxItem]) -> None:
    """Put things into inboxes, and let go of what is too old there."""
    if not items:
        return
    tx.execute(insert(inbox_item), [msgspec.to_builtins(item, builtin_types=(datetime,)) for item in items])
    for principal in sorted({item.principal for item in items}):
        mine = inbox_item.c.principal == principal
        oldest = (
            select(inbox_item.c.seq).where(mine).order_by(inbox_item.c.seq.desc()).offset(MAX_ITEMS).limit(1)
        )
        if (last := tx.execute(oldest).scalar()) is not None:
            tx.execute(delete(inbox_item).where(mine, inbox_item.c.seq <= last))


def items(
    tx: Connection,
    principal: str,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int,
    projects: AbstractSet[str] | None,
) -> list[InboxItem]:
    """Return what is in an inbox of some projects (None: of all), the newest first."""
    query = select(inbox_item).where(inbox_item.c.principal == principal, inbox_item.c.seq > after)
    if before is not None:
        query = query.where(inbox_item.c.seq < before)
    if projects is not None:
        query = query.where(inbox_item.c.project.in_(sorted(projects)))
    rows = tx.execute(query.order_by(inbox_item.c.seq.desc()).limit(limit))
    return [_convert(row, InboxItem) for row in rows]


def unread(tx: Connection, principal: str, after: int, projects: AbstractSet[str] | None) -> int:
    """Return how many things in an inbox are newer than an event's number."""
    query = select(func.count()).where(inbox_item.c.principal == principal, inbox_item.c.seq > after)
    if projects is not None:
        query = query.where(inbox_item.c.project.in_(sorted(projects)))
    return tx.execute(query).scalar() or 0


def unread_now(tx: Connection, principal: str, projects: AbstractSet[str] | None) -> int:
    """Return how many things in an inbox were not seen, by one statement: every page asks."""
    mine = inbox_settings.c.principal == principal
    read = select(inbox_settings.c.read_seq).where(mine).scalar_subquery()
    query = select(func.count()).where(
        inbox_item.c.principal == principal, inbox_item.c.seq > func.coalesce(read, 0)
    )
    if projects is not None:
        query = query.where(inbox_item.c.project.in_(sorted(projects)))
    return tx.execute(query).scalar() or 0


def settings_of(tx: Connection, principal: str, *, lock: bool = False) -> InboxSettings:
    """Return how a principal is told; as by default if it never said."""
    query = select(inbox_settings).where(inbox_settings.c.principal == principal)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return InboxSettings(principal=principal) if row is None else _convert(row, InboxSettings)


def save_settings(tx: Connection, item: InboxSettings) -> None:
    """Write how a principal is told."""
    values = msgspec.structs.asdict(item)
    mine = inbox_settings.c.principal == item.principal
    if not tx.execute(update(inbox_settings).where(mine).values(**values)).rowcount:
        tx.execute(insert(inbox_settings).values(**values))


def waiting_for_mail(tx: Connection) -> list[InboxSettings]:
    """Return how those are told who have something in their inbox that no mail told them of."""
    theirs = inbox_item.c.principal == inbox_settings.c.principal
    newest = select(func.max(inbox_item.c.seq)).where(theirs).scalar_subquery()
    waits = (inbox_settings.c.mail != "") & (newest > inbox_settings.c.mailed_seq)
    query = select(inbox_settings).where(waits).order_by(inbox_settings.c.principal)
    return [_convert(row, InboxSettings) for row in tx.execute(query)]


def cursor(tx: Connection, *, lock: bool = False) -> int | None:
    """Return the number of the event up to which inboxes are filled; None before the first time."""
    query = select(inbox_cursor.c.seq)
    found: int | None = tx.execute(query.with_for_update() if lock else query).scalar()
    return found


def set_cursor(tx: Connection, seq: int) -> None:
    """Note up to which event inboxes are filled."""
    if not tx.execute(update(inbox_cursor).values(seq=seq)).rowcount:
        tx.execute(insert(inbox_cursor).values(id=1, seq=seq))


def _convert(row: Any, kind: Any) -> Any:
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, kind)
