"""SQL of experiments, on an open transaction.

An experiment has a key, which its runs and its reference carry and which stays; a name, which can change and
is unique in its project; and a number, by which MLflow's clients know it. The key begins with the project
(``team/churn``), so that who holds a run knows its project.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, true, tuple_, update
from sqlalchemy.exc import IntegrityError

from meguru.base import refs
from meguru.base.names import is_name, nearest, normal
from meguru.errors import Conflict, NotFound
from meguru.tracking.client_schema import experiment_entry as table
from meguru.tracking.experiments import names
from meguru.tracking.schema import experiment as keys
from meguru.tracking.types import Experiment

MAX_NAME = 500
DEFAULT, DEFAULT_NAME, DEFAULT_NUMBER = "default", "Default", 0
_WHOLE = select(table, keys.c.note, keys.c.created_by).join(keys, keys.c.name == table.c.experiment)
MAX_SUGGESTED, MAX_ATTEMPTS = 1000, 20


def find(tx: Connection, text: str) -> Row[Any] | None:
    """Return an experiment by its name in full, its key, reference or number; None if there is none."""
    experiment = names.read(text)
    kept = normal(experiment.own)
    key, titles = names.write(experiment.project, kept), {experiment.own, kept}
    if experiment.is_ref:
        titles.add(names.REF + kept)
    here = table.c.project == experiment.project  # a title may look like the key of another project's
    either = (here & table.c.name.in_(titles)) | (here & (table.c.experiment == key))
    rows = tx.execute(_WHOLE.where(either)).all()
    if not rows and kept.isascii() and kept.isdecimal() and len(kept) < 19:
        rows = tx.execute(_WHOLE.where(table.c.id == int(kept), table.c.project == experiment.project)).all()

    def distance(row: Row[Any]) -> tuple[bool, ...]:
        return experiment.is_ref and row.experiment != key, row.name != experiment.own, row.name != kept

    return min(rows, key=distance, default=None)


def has_title(tx: Connection, project: str, title: str) -> bool:
    """Tell whether an experiment of a project is called so."""
    same = (table.c.project == project) & table.c.name.in_({title, normal(title)})
    return tx.execute(select(table.c.id).where(same)).first() is not None


def numbered(tx: Connection, number: int) -> Row[Any]:
    """Return the experiment that has a number."""
    found: Row[Any] = tx.execute(_WHOLE.where(table.c.id == number)).one()
    return found


def called(tx: Connection, text: str) -> Row[Any] | None:
    """Return the experiment of exactly this name; ``default`` is the default one, whatever its name."""
    row, (project, own, _) = find(tx, text), names.read(text)
    if row is None:
        return None
    is_default = own == DEFAULT and row.experiment == default_key(project)
    return row if is_default or row.name in {own, normal(own)} else None


def get(tx: Connection, text: str, projects: AbstractSet[str] | None = None) -> Row[Any]:
    """Return an experiment as `find` does.

    Raises
    ------
    NotFound
        If there is none; the message offers names of `projects` (None: all) that look like it.
    """
    row = find(tx, text)
    if row is None:
        experiment = names.read(text)
        query = select(table.c.project, table.c.name).where(_of(projects))
        rows = tx.execute(query.order_by(table.c.updated_at.desc()).limit(MAX_SUGGESTED))
        shown = names.write(experiment.project, experiment.own)
        raise NotFound.of("experiment", shown, [names.write(row.project, row.name) for row in rows])
    return row


def lock(tx: Connection, text: str, projects: AbstractSet[str] | None = None) -> Row[Any]:
    """Return an experiment as `get` does, held until the transaction ends."""
    row = get(tx, text, projects)
    # Found by a name that may be changing: it is held by its number, and read again as it is then.
    tx.execute(select(table.c.id).where(table.c.id == row.id).with_for_update())
    return numbered(tx, row.id)


def ensure(tx: Connection, name: str, *, note: str, at: datetime, by: str) -> tuple[Row[Any], bool]:
    """Return the experiment of this name, in whichever state, and whether it was made just now."""
    project, own, _ = names.read(name)
    for _ in range(MAX_ATTEMPTS):
        known = called(tx, name)
        if known is not None:
            return known, False
        # Another server may make one at the same moment: of this name, or with this number.
        with suppress(IntegrityError), tx.begin_nested():
            return add(tx, own, project=project, note=note, at=at, by=by), True
    return add(tx, own, project=project, note=note, at=at, by=by), True


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


def page(
    tx: Connection, *, after: str, limit: int, stage: str, projects: AbstractSet[str] | None = None
) -> list[Experiment]:
    """Return experiments of one stage, of some projects (None: of all), by project and name."""
    conditions = [table.c.stage == stage, _of(projects)]
    if after:
        project, own, _ = names.read(after)
        conditions.append(tuple_(table.c.project, table.c.name) > tuple_(project, own))
    query = _WHOLE.where(*conditions).order_by(table.c.project, table.c.name)
    return [of_row(row) for row in tx.execute(query.limit(limit))]


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


def keys_of(tx: Connection, stage: str, projects: AbstractSet[str] | None = None) -> list[str]:
    """Return the keys of the experiments of one stage, of some projects (None: of all)."""
    return list(tx.execute(select(table.c.experiment).where(table.c.stage == stage, _of(projects))).scalars())


def names_of(tx: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """Return the names of some experiments by their keys."""
    query = select(table.c.experiment, table.c.project, table.c.name)
    rows = tx.execute(query.where(table.c.experiment.in_(set(wanted))))
    return {row.experiment: names.write(row.project, row.name) for row in rows}


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
    name = names.write(row.project, row.name)
    if row.stage == "active":
        return Conflict(
            f"there is an experiment {name!r} already",
            where=refs.make("experiment", row.experiment),
            why=f"it is experiment {row.id}",
            hint="choose another name",
            field="name",
        )
    return Conflict(
        f"the experiment {name!r} is deleted",
        where=refs.make("experiment", row.experiment),
        why=f"it is experiment {row.id}; a deleted one keeps its name, so that it can be restored",
        hint=f"meguru experiments restore '{name}'; or set the name free: meguru experiments rename "
        f"'{name}' NEW, or meguru experiments purge '{name}'",
        field="experiment",
    )


def of_row(row: Row[Any]) -> Experiment:
    """Return the experiment that a row of `find` is."""
    return Experiment(
        ref=refs.make("experiment", row.experiment),
        name=names.write(row.project, row.name),
        project=row.project,
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
    own = name if is_name(name, most=most) else nearest(name, most=most) or "experiment"
    wanted = refs.within(project, own)
    free, count = wanted, 1
    while tx.execute(select(keys.c.name).where(keys.c.name == free)).first():
        count += 1
        free = f"{wanted}-{count}"
    return free


def _of(projects: AbstractSet[str] | None) -> ColumnElement[bool]:
    return true() if projects is None else table.c.project.in_(projects)
