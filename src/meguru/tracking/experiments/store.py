"""SQL of experiments, on an open transaction.

An experiment has a key, which its runs and its reference carry and which stays; a name, which can change and
is unique in its project; and a number, by which MLflow's clients know it. The key begins with the project
(``team/churn``), so that who holds a run knows its project.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, false, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.base import names, refs
from meguru.errors import Conflict, NotFound
from meguru.tracking.mlflow.schema import mlflow_experiment as table
from meguru.tracking.schema import experiment as keys
from meguru.tracking.types import Experiment

MOST_OF_NAME = 500
DEFAULT, DEFAULT_NAME, DEFAULT_NUMBER = "default", "Default", 0
_WHOLE = select(table, keys.c.note, keys.c.created_by).join(keys, keys.c.name == table.c.experiment)
_MOST_KNOWN, _MOST_TRIES = 1000, 20


def find(tx: Connection, text: str) -> Row[Any] | None:
    """Return an experiment by its name, else by its key, reference or number; None if there is none."""
    kept = names.normal(text)
    key = kept.removeprefix("experiment/")
    before, slash, own = key.partition("/")
    in_default = (table.c.project == "") & table.c.name.in_({text, kept})
    in_named = (table.c.project == before) & (table.c.name == own) if slash else false()
    rows = tx.execute(_WHOLE.where(in_default | in_named | (table.c.experiment == key))).all()
    if not rows and key.isascii() and key.isdecimal() and len(key) < 19:
        rows = tx.execute(_WHOLE.where(table.c.id == int(key))).all()
    is_ref = key != kept

    def distance(row: Row[Any]) -> tuple[bool, ...]:
        return is_ref and row.experiment != key, row.name != text, row.name != kept

    return min(rows, key=distance, default=None)


def numbered(tx: Connection, number: int) -> Row[Any]:
    """Return the experiment that has a number."""
    found: Row[Any] = tx.execute(_WHOLE.where(table.c.id == number)).one()
    return found


def called(tx: Connection, name: str) -> Row[Any] | None:
    """Return the experiment of exactly this name; ``default`` is the default one, whatever its name."""
    row = find(tx, name)
    is_it = row is not None and (row.name in {name, names.normal(name)} or name == row.experiment == DEFAULT)
    return row if is_it else None


def get(tx: Connection, text: str) -> Row[Any]:
    """Return an experiment as `find` does; NotFound, with names that look like it, if there is none."""
    row = find(tx, text)
    if row is None:
        known = tx.execute(select(table.c.name).order_by(table.c.updated_at.desc()).limit(_MOST_KNOWN))
        raise NotFound.of("experiment", text, list(known.scalars()))
    return row


def held(tx: Connection, text: str) -> Row[Any]:
    """Return an experiment, held until the transaction ends."""
    row = get(tx, text)
    tx.execute(select(table.c.id).where(table.c.id == row.id).with_for_update())
    return numbered(tx, row.id)


def ensure(tx: Connection, name: str, *, note: str, at: datetime, by: str) -> tuple[Row[Any], bool]:
    """Return the experiment of this name, in whichever state, and whether it was made just now."""
    for _ in range(_MOST_TRIES):
        known = called(tx, name)
        if known is not None:
            return known, False
        # Another server may make one at the same moment: of this name, or with this number.
        with suppress(IntegrityError), tx.begin_nested():
            return add(tx, name, note=note, at=at, by=by), True
    return add(tx, name, note=note, at=at, by=by), True


def add(
    tx: Connection,
    name: str,
    *,
    at: datetime,
    by: str,
    note: str = "",
    location: str = "",
    project: str = "",
) -> Row[Any]:
    """Write a new experiment; the first one that is called ``default`` is MLflow's, number 0.

    In a named project it is the one that has the key ``PROJECT/default``, and any number.
    """
    key, number, default = _free_key(tx, name, project), _next_number(tx), default_key(project)
    if name.lower() == DEFAULT and key.lower() == default.lower():
        if project:
            key, name = default, DEFAULT_NAME
        elif not _is_taken(tx, DEFAULT_NUMBER):
            key, number, name = DEFAULT, DEFAULT_NUMBER, DEFAULT_NAME
    tx.execute(insert(keys).values(name=key, note=note, created_at=at, created_by=by))
    row = {"id": number, "experiment": key, "project": project, "name": name, "artifact_location": location}
    tx.execute(insert(table).values(**row, stage="active", created_at=at, updated_at=at))
    return numbered(tx, number)


def page(tx: Connection, *, after: str, limit: int, stage: str) -> list[Experiment]:
    """Return experiments of one stage by name."""
    rows = tx.execute(
        _WHOLE.where(table.c.stage == stage, table.c.name > after).order_by(table.c.name).limit(limit)
    )
    return [of_row(row) for row in rows]


def set_name(tx: Connection, number: int, name: str, at: datetime) -> None:
    """Give an experiment another name; Conflict, with a way out, if another one has it."""
    own = select(table.c.project).where(table.c.id == number).scalar_subquery()
    same = (table.c.project == own) & (table.c.name == name) & (table.c.id != number)
    taken = tx.execute(select(table).where(same)).first()
    if taken is not None:
        raise name_taken(taken)
    tx.execute(update(table).where(table.c.id == number).values(name=name, updated_at=at))


def set_stage(tx: Connection, number: int, stage: str, at: datetime) -> None:
    """Mark an experiment as deleted, or take the mark away."""
    tx.execute(update(table).where(table.c.id == number).values(stage=stage, updated_at=at))


def set_note(tx: Connection, key: str, note: str) -> None:
    """Write what is said of an experiment."""
    tx.execute(update(keys).where(keys.c.name == key).values(note=note))


def keys_of(tx: Connection, stage: str) -> list[str]:
    """Return the keys of the experiments of one stage."""
    return list(tx.execute(select(table.c.experiment).where(table.c.stage == stage)).scalars())


def names_of(tx: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """Return the names of some experiments by their keys."""
    rows = tx.execute(select(table.c.experiment, table.c.name).where(table.c.experiment.in_(set(wanted))))
    return {row.experiment: row.name for row in rows}


def name_of(tx: Connection, key: str) -> str:
    """Return the name of the experiment that has a key."""
    return names_of(tx, [key]).get(key, key)


def key_of(tx: Connection, number: str) -> str:
    """Return the key of the experiment that has a number, written as a text; empty if there is none."""
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return ""
    return tx.execute(select(table.c.experiment).where(table.c.id == int(number))).scalar() or ""


def name_taken(row: Row[Any]) -> Conflict:
    """Return what to tell whoever wants the name of an experiment that there is."""
    if row.stage == "active":
        return Conflict(
            f"there is an experiment {row.name!r} already",
            where=refs.make("experiment", row.experiment),
            why=f"it is experiment {row.id}",
            hint="choose another name",
            field="name",
        )
    return Conflict(
        f"the experiment {row.name!r} is deleted",
        where=refs.make("experiment", row.experiment),
        why=f"it is experiment {row.id}; a deleted one keeps its name, so that it can be restored",
        hint=f"meguru experiments restore '{row.name}'; or set the name free: meguru experiments rename "
        f"'{row.name}' NEW, or meguru experiments purge '{row.name}'",
        field="experiment",
    )


def of_row(row: Row[Any]) -> Experiment:
    """Return the experiment that a row of `find` is."""
    return Experiment(
        ref=refs.make("experiment", row.experiment),
        name=row.name,
        number=row.id,
        state=row.stage,
        note=row.note,
        created_at=row.created_at,
        created_by=row.created_by,
        changed_at=row.updated_at,
    )


def _next_number(tx: Connection) -> int:
    return 1 + (tx.execute(select(func.max(table.c.id))).scalar() or 0)


def _is_taken(tx: Connection, number: int) -> bool:
    return tx.execute(select(table.c.id).where(table.c.id == number)).first() is not None


def default_key(project: str) -> str:
    """Return the key of the experiment that a project has for runs that name none."""
    return refs.within(project, DEFAULT)


def _free_key(tx: Connection, name: str, project: str) -> str:
    most = 90 - len(f"{project}/" if project else "")
    own = name if names.is_name(name, most=most) else names.nearest(name, most=most) or "experiment"
    wanted = refs.within(project, own)
    free, count = wanted, 1
    while tx.execute(select(keys.c.name).where(keys.c.name == free)).first():
        count += 1
        free = f"{wanted}-{count}"
    return free
