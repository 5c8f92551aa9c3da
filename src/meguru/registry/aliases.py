"""SQL of aliases: names such as ``champion`` that move from version to version, and every move they made."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from meguru.base import refs
from meguru.registry.schema import model_alias
from meguru.registry.types import Alias
from meguru.storage.db import rowwise
from meguru.storage.db.raw import RawSql

_HOLDS = model_alias.c.until.is_(None)


def version_of(tx: Connection, name: str, alias: str) -> int | None:
    """Return the version an alias points at; None if there is no such alias."""
    found = rowwise.first(tx, model_alias, {"name": name, "alias": alias, "until": None}, ("version",))
    return found["version"] if found else None


def by_version(tx: Connection, name: str) -> dict[int, list[str]]:
    """Return the aliases that point at each version of a model."""
    found: dict[int, list[str]] = {}
    for row in _rows(tx, name, _HOLDS):
        found.setdefault(number_of(row), []).append(row.alias)
    return found


def of_models(tx: Connection, models: Sequence[str]) -> dict[str, list[Alias]]:
    """Return where the aliases of some models point, by model."""
    found: dict[str, list[Alias]] = {}
    for alias in _select(tx, model_alias.c.name.in_(models), _HOLDS):
        found.setdefault(alias.name, []).append(alias)
    return found


def names(tx: Connection, name: str) -> list[str]:
    """Return the aliases of a model."""
    return [row.alias for row in _rows(tx, name, _HOLDS)]


def at(tx: Connection, name: str, moment: datetime | None) -> list[Alias]:
    """Return where a model's aliases pointed at a moment; None is now."""
    if moment is None:
        return _rows(tx, name, _HOLDS)
    until = _HOLDS | (model_alias.c.until > moment)
    return _rows(tx, name, (model_alias.c.since <= moment) & until)


def history(tx: Connection, name: str, alias: str = "") -> list[Alias]:
    """Return every move of an alias, or of all aliases one after the other, the newest first."""
    mine = [model_alias.c.alias == alias] if alias else []
    found = _select(tx, model_alias.c.name == name, *mine)
    found.reverse()
    return sorted(found, key=lambda each: each.alias)


def move(tx: Connection, new: Alias, version: int) -> None:
    """Point an alias at a version from now on; the caller holds the model."""
    same = {"name": new.name, "alias": new.alias}
    # The move that holds is ended, and never changed: where an alias pointed at any moment stays known.
    # Numbers order moves, as two of one transaction have the same moment.
    rowwise.update(tx, model_alias, same | {"until": None}, {"until": new.since})
    sql = "SELECT coalesce(max(number), 0) FROM model_alias WHERE name = ? AND alias = ?"
    (last,) = RawSql(tx).execute(sql, (new.name, new.alias)).fetchone()
    moved = {"since": new.since, "until": None, "moved_by": new.moved_by, "event": new.event}
    rowwise.insert(tx, model_alias, same | {"number": last + 1, "version": version} | moved)


def end(tx: Connection, name: str, alias: str, at: datetime) -> bool:
    """Let an alias point nowhere from now on; tell whether it pointed anywhere."""
    return rowwise.update(tx, model_alias, {"name": name, "alias": alias, "until": None}, {"until": at}) > 0


def rename(tx: Connection, old: str, new: str) -> None:
    """Give the moves of a model's aliases to its new name, after those of a model that had it before."""
    last = select(func.coalesce(func.max(model_alias.c.number), 0)).where(model_alias.c.name == new)
    behind = tx.execute(last).scalar_one()
    mine = model_alias.c.name == old
    tx.execute(update(model_alias).where(mine).values(name=new, number=model_alias.c.number + behind))


def number_of(alias: Alias) -> int:
    """Return the number of the version an alias points at."""
    return int(alias.model.rpartition("@")[2])


def _rows(tx: Connection, name: str, where: ColumnElement[bool]) -> list[Alias]:
    return _select(tx, model_alias.c.name == name, where)


def _select(tx: Connection, *conditions: ColumnElement[bool]) -> list[Alias]:
    query = select(model_alias).where(*conditions)
    return [
        Alias(
            name=row.name,
            alias=row.alias,
            model=refs.make("model", row.name, row.version),
            since=row.since,
            until=row.until,
            moved_by=row.moved_by,
            event=row.event,
        )
        for row in tx.execute(query.order_by(model_alias.c.alias, model_alias.c.number))
    ]
