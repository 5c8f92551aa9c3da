"""SQL of notifications; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.alerts.notifications.schema import (
    alert_notified,
    notice,
    notification,
    notification_cursor,
    notification_dispatch,
)
from meguru.alerts.notifications.types import Dispatch, DispatchState, Notice, Route
from meguru.errors import NotFound
from meguru.kernel.projects import condition

MAX_DISPATCHES = 1000
"""So many messages of a route are remembered."""
_PRESENT = notification.c.retired_at.is_(None)
_COLUMNS = [notification.c[name] for name in Route.__struct_fields__]


def find(tx: Connection, name: str, *, lock: bool = False) -> Route | None:
    """Return a route; None if there is none of this name."""
    query = select(*_COLUMNS).where(notification.c.name == name, _PRESENT)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _route(row)


def get(tx: Connection, name: str) -> Route:
    """Return a route; NotFound, with names that look like it, if there is none."""
    found = find(tx, name)
    if found is None:
        raise NotFound.of("notification", name, [each.name for each in all_routes(tx)])
    return found


def all_routes(tx: Connection, projects: AbstractSet[str] | None = None) -> list[Route]:
    """Return the routes of some projects (None: of all), by name."""
    where = _PRESENT & condition(notification.c.name, projects)
    return [_route(row) for row in tx.execute(select(*_COLUMNS).where(where).order_by("name"))]


def declare(tx: Connection, name: str, values: dict[str, Any], *, at: datetime, seq: int) -> None:
    """Write a spec: over the present one, over a retired one, or as a new route's."""
    mine = notification.c.name == name
    if tx.execute(update(notification).where(mine, _PRESENT).values(**values)).rowcount:
        return
    fresh = {**values, "created_at": at, "created_seq": seq, "last_at": None, "retired_at": None}
    if not tx.execute(update(notification).where(mine).values(**fresh)).rowcount:
        tx.execute(insert(notification).values(**fresh, name=name))


def retire(tx: Connection, name: str, at: datetime) -> None:
    """Mark a route as retired, and forget what it was still to tell."""
    tx.execute(update(notification).where(notification.c.name == name).values(retired_at=at))
    for table in (notice, alert_notified):
        tx.execute(delete(table).where(table.c.route == name))


def set_last_message(tx: Connection, name: str, at: datetime) -> None:
    """Note when a route's last message was made."""
    tx.execute(update(notification).where(notification.c.name == name).values(last_at=at))


def notices(tx: Connection, route: str, limit: int) -> list[Notice]:
    """Return what a route is to tell, what came first before the rest."""
    query = select(notice).where(notice.c.route == route).order_by(notice.c.first_at, notice.c.key)
    return [_convert(row, Notice) for row in tx.execute(query.limit(limit))]


def find_notice(tx: Connection, route: str, key: str) -> Notice | None:
    """Return what a route is to tell under a key; None if it is nothing."""
    row = tx.execute(select(notice).where(notice.c.route == route, notice.c.key == key)).first()
    return None if row is None else _convert(row, Notice)


def keep_notice(tx: Connection, item: Notice) -> None:
    """Write what is to be told, over what it was before."""
    forget_notices(tx, item.route, [item.key])
    tx.execute(insert(notice).values(**msgspec.structs.asdict(item)))


def forget_notices(tx: Connection, route: str, keys: Iterable[str]) -> None:
    """Forget what is told."""
    tx.execute(delete(notice).where(notice.c.route == route, notice.c.key.in_(list(keys))))


def routes_waiting(tx: Connection) -> set[str]:
    """Return the names of the routes that have something to tell."""
    return set(tx.execute(select(notice.c.route).distinct()).scalars())


def was_notified(tx: Connection, route: str, alert: str) -> bool:
    """Tell whether a route told of an alert."""
    query = select(alert_notified.c.at).where(
        alert_notified.c.route == route, alert_notified.c.alert == alert
    )
    return tx.execute(query).first() is not None


def mark_notified(
    tx: Connection, route: str, alerts: Iterable[str], at: datetime, *, over: Iterable[str]
) -> None:
    """Note that a route told of alerts; of those that are over there is no more to tell."""
    known = list(dict.fromkeys([*alerts, *over]))
    tx.execute(
        delete(alert_notified).where(alert_notified.c.route == route, alert_notified.c.alert.in_(known))
    )
    left = set(alerts) - set(over)
    if left:
        tx.execute(
            insert(alert_notified), [{"route": route, "alert": each, "at": at} for each in sorted(left)]
        )


def add_dispatch(tx: Connection, item: Dispatch) -> None:
    """Write a message to one receiver, and forget those of the route that are too old."""
    table = notification_dispatch.c
    tx.execute(insert(notification_dispatch).values(**msgspec.structs.asdict(item)))
    mine = table.notification == item.notification
    oldest = select(table.id).where(mine).order_by(table.id.desc()).offset(MAX_DISPATCHES).limit(1)
    if (last := tx.execute(oldest).scalar()) is not None:
        over = table.state != DispatchState.WAITING.value
        tx.execute(delete(notification_dispatch).where(mine, over, table.id <= last))


def dispatch(tx: Connection, id: str) -> Dispatch | None:
    """Return a message to one receiver; None if it is forgotten."""
    row = tx.execute(select(notification_dispatch).where(notification_dispatch.c.id == id)).first()
    return None if row is None else _convert(row, Dispatch)


def change_dispatch(tx: Connection, id: str, **values: Any) -> None:
    """Write what became of a message."""
    mine = notification_dispatch.c.id == id
    tx.execute(update(notification_dispatch).where(mine).values(**values))


def dispatches(tx: Connection, name: str, limit: int, state: str = "") -> list[Dispatch]:
    """Return a route's messages, the newest first; of one state, or all."""
    table = notification_dispatch.c
    query = select(notification_dispatch).where(table.notification == name)
    if state:
        query = query.where(table.state == state)
    return [_convert(row, Dispatch) for row in tx.execute(query.order_by(table.id.desc()).limit(limit))]


def newest_dispatches(tx: Connection, names: Sequence[str], limit: int) -> dict[str, list[Dispatch]]:
    """Return by route its newest messages, the newest first, so many of each."""
    table = notification_dispatch.c
    order = table.id.desc()
    place = func.row_number().over(partition_by=table.notification, order_by=order).label("place")
    ranked = select(table.id, place).where(table.notification.in_(names)).subquery()
    query = select(notification_dispatch).join(ranked, ranked.c.id == table.id)
    found: dict[str, list[Dispatch]] = {}
    for row in tx.execute(query.where(ranked.c.place <= limit).order_by(order)):
        found.setdefault(row.notification, []).append(_convert(row, Dispatch))
    return found


def cursor(tx: Connection, *, lock: bool = False) -> int:
    """Return the event up to which it is known what is to be told."""
    query = select(notification_cursor.c.seq)
    return tx.execute(query.with_for_update() if lock else query).scalar() or 0


def set_cursor(tx: Connection, seq: int) -> None:
    """Note up to which event it is known what is to be told."""
    if not tx.execute(update(notification_cursor).values(seq=seq)).rowcount:
        tx.execute(insert(notification_cursor).values(id=1, seq=seq))


def _route(row: Any) -> Route:
    made: Route = _convert(row, Route)
    return made


def _convert(row: Any, kind: Any) -> Any:
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, kind)
