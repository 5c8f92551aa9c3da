"""Operations on experiments as MLflow knows them: a number, any name, a stage, tags."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.storage import struct_rows
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.client_schema import experiment_entry as table
from meguru.tracking.client_schema import experiment_tag as tag_table
from meguru.tracking.experiments import store
from meguru.tracking.experiments.change import ensure

MAX_NAME = store.MAX_NAME
MAX_TAG = 20_000
# Made once: SQLAlchemy takes longer to put it together than the database to carry it out.
_FIND = select(table).where(table.c.id == bindparam("number"), table.c.project == bindparam("project"))
DOOR = "mlflow"
"""Operations of MLflow's protocol: all that they name is of the one project in which they are asked."""
_EXPERIMENT = {"experiment": "experiment"}


@operation("mlflow.adopt_experiments", permission="experiment:write", door=DOOR)
def adopt(ctx: Context) -> None:
    """Make the default experiment, whose number is 0 within its project, unless it is there."""
    if not ctx.home:
        ensure(ctx, store.DEFAULT)
    elif needs_adoption(ctx.tx, ctx.home):
        _add(ctx, store.DEFAULT, "")


@operation(
    "mlflow.create_experiment",
    permission="experiment:write",
    door=DOOR,
    on="name",
    refers={"name": "experiment"},
)
def create(
    ctx: Context, *, name: str, artifact_location: str = "", tags: dict[str, str] | None = None
) -> int:
    """Create an experiment under any name and return its number."""
    check_name(name)
    known = ctx.tx.execute(_same_name(name, ctx.home)).first()
    if known is not None:
        raise _taken(known)
    number = _add(ctx, name, artifact_location)
    _set_tags(ctx, number, tags or {})
    return number


@operation(
    "mlflow.change_experiment", permission="experiment:write", door=DOOR, on="experiment", refers=_EXPERIMENT
)
def change(
    ctx: Context,
    *,
    experiment: int,
    name: str | None = None,
    stage: Literal["", "active", "deleted"] = "",
    tags: dict[str, str] | None = None,
    untag: str = "",
) -> None:
    """Rename, delete, restore or tag an experiment; deleted is only a mark, its runs stay."""
    row = ctx.tx.execute(_FIND, {"number": experiment, "project": ctx.home}).first()
    if row is None or stage not in ("", _other(row.stage)):
        state = "" if row is None else f" in the state '{_other(stage)}'"
        raise NotFound(f"No Experiment with id={experiment} exists{state}")
    ref = refs.make("experiment", row.experiment)
    values: dict[str, Any] = {"updated_at": ctx.now()}
    if not stage and row.stage != "active":
        raise InvalidInput(
            f"The experiment {experiment} must be in the 'active' state. Current state is {row.stage}."
        )
    if name is not None:
        check_name(name)
        same = ctx.tx.execute(_same_name(name, ctx.home).where(table.c.id != experiment)).first()
        if same is not None:
            raise _taken(same)
        values["name"] = name
        ctx.emit("experiment.renamed", ref, data={"name": name, "before": row.name})
    if stage:
        values["stage"] = stage
        ctx.emit(f"experiment.{'restored' if stage == 'active' else 'deleted'}", ref, data={"name": row.name})
    if tags or untag:
        _set_tags(ctx, experiment, tags or {})
        mine = (tag_table.c.experiment == experiment) & (tag_table.c.key == untag)
        if untag and not ctx.tx.execute(delete(tag_table).where(mine)).rowcount:
            raise NotFound(f"No tag with name: {untag[:250]} in experiment with id {experiment}")
        ctx.emit("experiment.tagged", ref, data={"tags": sorted(tags or {}), "removed": untag})
    if ctx.emitted:  # else nothing was to be changed
        ctx.tx.execute(update(table).where(table.c.id == experiment).values(values))


@operation(
    "mlflow.experiment_of",
    permission="run:read",
    query=True,
    door=DOOR,
    on="number",
    refers={"number": "experiment"},
)
def named(ctx: Context, *, number: str) -> str:
    """Return the name of the experiment that has a number in MLflow's protocol."""
    return str(find(ctx.tx, number, ctx.home).name)


class ExperimentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment as MLflow's protocol knows it: one row of its table."""

    id: int
    experiment: str
    project: str
    name: str
    artifact_location: str
    stage: str
    created_at: datetime
    updated_at: datetime


def find(tx: Connection, number: str, project: str) -> ExperimentEntry:
    """Return the row of a project's experiment by its number, in whichever stage it is."""
    known = read_numbers([number])
    row = _entry(tx, "id = ? AND project = ?", (known[0], project)) if known else None
    if row is None and project and known == [store.DEFAULT_NUMBER]:
        row = _entry(tx, "experiment = ?", (store.default_key(project),))
    if row is None:
        raise NotFound(f"No Experiment with id={number[:64]} exists")
    return row


def _entry(tx: Connection, where: str, values: Sequence[Any]) -> ExperimentEntry | None:
    # Each run that starts looks for its experiment.
    found = struct_rows.select(RawSql(tx), ExperimentEntry, "mlflow_experiment", where, values)
    return found[0] if found else None


def read_numbers(numbers: Sequence[str]) -> list[int]:
    """Return the numbers that texts are, without those that no experiment can have; refuse what is none."""
    for number in numbers:
        if not re.fullmatch(r"[+-]?[0-9]+", number):
            raise InvalidInput(
                f"Invalid experiment ID '{number[:64]}'. Experiment ID must be a valid integer.",
                field="experiment_id",
            )
    return [int(number) for number in numbers if len(number) < 19]


def here(tx: Any, numbers: Sequence[str], project: str) -> dict[int, str]:
    """Return the keys, by their numbers, of those experiments that are of a project."""
    wanted = read_numbers(numbers)
    if not wanted:
        return {}
    sql = "SELECT id, experiment FROM mlflow_experiment WHERE project = ? AND (id IN "
    default = [store.default_key(project)] if project and store.DEFAULT_NUMBER in wanted else []
    sql += f"({marks(len(wanted))}){' OR experiment = ?' if default else ''})"
    return dict(RawSql(tx).execute(sql, [project, *wanted, *default]).fetchall())


def needs_adoption(tx: Any, project: str) -> bool:
    """Tell whether a project's default experiment is not there yet."""
    return _entry(tx, "experiment = ?", (store.default_key(project),)) is None


def check_name(name: str) -> None:
    """Raise InvalidInput unless an experiment may be called so."""
    if len(name) > MAX_NAME:
        raise InvalidInput(f"'name' exceeds the maximum length of {MAX_NAME} characters", field="name")
    if not name:
        raise InvalidInput(
            "Invalid experiment name: ''", why=f"a name has 1 to {MAX_NAME} characters", field="name"
        )


def _taken(known: Row[Any]) -> Conflict:
    """Return the refusal of a name, in MLflow's words, and with the way out if its owner is deleted."""
    if known.stage == "active":
        why = f"it is experiment {known.id}"
        return Conflict(f"Experiment(name={known.name}) already exists.", why=why, field="name")
    ours = store.name_taken(known)
    return Conflict(
        f"Experiment(name={known.name}) already exists in deleted state.",
        why=f"it is experiment {known.id}. You can restore the experiment, rename it, or permanently delete "
        "it to create a new one",
        hint=f"MlflowClient().restore_experiment('{known.id}'); or {ours.hint}",
        field="name",
    )


def _same_name(name: str, project: str) -> Select[Any]:
    return select(table).where(table.c.name == name, table.c.project == project)


def _add(ctx: Context, name: str, location: str) -> int:
    by, home = ctx.principal.name, ctx.home
    row = store.add(ctx.tx, name, at=ctx.now(), by=by, location=location, project=home)
    data = {"name": row.name if home else name, "number": row.id, "note": ""}
    ctx.emit("experiment.created", refs.make("experiment", row.experiment), data=data)
    return int(row.id)


def _other(stage: str) -> str:
    return "deleted" if stage == "active" else "active"


def _set_tags(ctx: Context, number: int, tags: dict[str, str]) -> None:
    if not tags:
        return
    mine = (tag_table.c.experiment == number) & tag_table.c.key.in_(list(tags))
    ctx.tx.execute(delete(tag_table).where(mine))
    rows = [{"experiment": number, "key": key, "value": value} for key, value in tags.items()]
    ctx.tx.execute(insert(tag_table), rows)
