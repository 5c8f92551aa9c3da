"""Operations on experiments as MLflow knows them: a number, any name, a stage, tags."""

import re
from typing import Any, Literal

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.runtime.operations import Context, operation
from meguru.tracking import store
from meguru.tracking.mlflow.schema import mlflow_experiment as table
from meguru.tracking.mlflow.schema import mlflow_experiment_tag as tag_table
from meguru.tracking.schema import experiment as ours
from meguru.tracking.types import Experiment

MAX_NAME = 500
MAX_TAG = 20_000
DEFAULT = ("default", "Default", 0)
# Made once: SQLAlchemy takes longer to put it together than the database to carry it out.
_FIND = select(table).where(table.c.id == bindparam("number"))
_OTHERS = re.compile(r"[^a-z0-9_.-]+")


@operation("mlflow.adopt_experiments", permission="experiment:write")
def adopt(ctx: Context) -> None:
    """Give MLflow's numbers to the experiments that have none, and make its default one."""
    found, is_new = store.ensure_experiment(ctx.tx, _ours(ctx, DEFAULT[0]))
    if is_new:
        ctx.emit("experiment.created", refs.make("experiment", found.name), data={"note": found.note})
    for row in ctx.tx.execute(select(ours).where(ours.c.name.not_in(select(table.c.experiment)))).all():
        _, name, number = DEFAULT if row.name == DEFAULT[0] else ("", row.name, _next_number(ctx))
        _insert(ctx, number, row.name, _free_name(ctx, name), "")
        ctx.emit("experiment.numbered", refs.make("experiment", row.name), data={"number": number})


@operation("mlflow.create_experiment", permission="experiment:write")
def create(
    ctx: Context, *, name: str, artifact_location: str = "", tags: dict[str, str] | None = None
) -> int:
    """Create an experiment under any name and return its number."""
    check_name(name)
    known = ctx.tx.execute(select(table).where(table.c.name == name)).first()
    if known is not None:
        past = "" if known.stage == "active" else " (deleted)"
        raise Conflict(f"Experiment(name={name}) already exists.", why=f"it is experiment {known.id}{past}")
    made, _ = store.ensure_experiment(ctx.tx, _ours(ctx, _free_slug(ctx, name)))
    number = _next_number(ctx)
    _insert(ctx, number, made.name, name, artifact_location)
    _set_tags(ctx, number, tags or {})
    ctx.emit("experiment.created", refs.make("experiment", made.name), data={"name": name, "number": number})
    return number


@operation("mlflow.change_experiment", permission="experiment:write")
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
    row = ctx.tx.execute(select(table).where(table.c.id == experiment)).first()
    if row is None or stage not in ("", _other(row.stage)):
        state = "" if row is None else f" in the state '{_other(stage)}'"
        raise NotFound(f"No Experiment with id={experiment} exists{state}")
    ref = refs.make("experiment", row.experiment)
    values: dict[str, Any] = {"updated_at": ctx.now()}
    if not stage and row.stage != "active":
        raise InvalidInput(f"The experiment {experiment} must be in the 'active' state, and is {row.stage}.")
    if name is not None:
        check_name(name)
        if ctx.tx.execute(select(table.c.id).where(table.c.name == name, table.c.id != experiment)).first():
            raise Conflict(f"Experiment(name={name}) already exists.")
        values["name"] = name
        ctx.emit("experiment.renamed", ref, data={"name": name})
    if stage:
        values["stage"] = stage
        ctx.emit(f"experiment.{'restored' if stage == 'active' else 'deleted'}", ref)
    if tags or untag:
        _set_tags(ctx, experiment, tags or {})
        mine = (tag_table.c.experiment == experiment) & (tag_table.c.key == untag)
        if untag and not ctx.tx.execute(delete(tag_table).where(mine)).rowcount:
            raise NotFound(f"No tag with name: {untag[:250]} in experiment with id {experiment}")
        ctx.emit("experiment.tagged", ref, data={"tags": sorted(tags or {}), "removed": untag})
    if ctx.emitted:  # else nothing was to be changed
        ctx.tx.execute(update(table).where(table.c.id == experiment).values(values))


@operation("mlflow.experiment_of", permission="run:read", query=True)
def named(ctx: Context, *, number: str) -> str:
    """Return our name of the experiment that has a number in MLflow's protocol."""
    return str(find(ctx.tx, number).experiment)


def find(tx: Any, number: str) -> Row[Any]:
    """Return an experiment's row by its number, in whichever stage it is."""
    row = None
    if number.isascii() and number.isdecimal() and len(number) < 19:
        row = tx.execute(_FIND, {"number": int(number)}).first()
    if row is None:
        raise NotFound(f"No Experiment with id={number[:64]} exists")
    return row  # type: ignore[no-any-return]


def needs_adoption(tx: Any) -> bool:
    """Tell whether some experiment has no number yet, the default one among them."""
    if tx.execute(select(table.c.id).where(table.c.id == 0)).first() is None:
        return True
    counts = [tx.execute(select(func.count()).select_from(each)).scalar() for each in (ours, table)]
    return bool(counts[0] != counts[1])


def check_name(name: str) -> None:
    """Raise InvalidInput unless an experiment may be called so."""
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidInput(
            f"Invalid experiment name: '{name[:80]}'",
            why=f"a name has 1 to {MAX_NAME} characters, not {len(name)}",
            field="name",
        )


def _other(stage: str) -> str:
    return "deleted" if stage == "active" else "active"


def _ours(ctx: Context, name: str) -> Experiment:
    return Experiment(name=name, note="", created_at=ctx.now(), created_by=ctx.principal.name)


def _insert(ctx: Context, number: int, experiment: str, name: str, location: str) -> None:
    now = ctx.now()
    row = {"id": number, "experiment": experiment, "name": name, "artifact_location": location}
    ctx.tx.execute(insert(table).values(**row, stage="active", created_at=now, updated_at=now))


def _set_tags(ctx: Context, number: int, tags: dict[str, str]) -> None:
    if not tags:
        return
    mine = (tag_table.c.experiment == number) & tag_table.c.key.in_(list(tags))
    ctx.tx.execute(delete(tag_table).where(mine))
    rows = [{"experiment": number, "key": key, "value": value} for key, value in tags.items()]
    ctx.tx.execute(insert(tag_table), rows)


def _next_number(ctx: Context) -> int:
    return 1 + (ctx.tx.execute(select(func.max(table.c.id))).scalar() or 0)


def _free_name(ctx: Context, wanted: str) -> str:
    name, count = wanted, 1
    while ctx.tx.execute(select(table.c.id).where(table.c.name == name)).first():
        count += 1
        name = f"{wanted} ({count})"
    return name


def _free_slug(ctx: Context, name: str) -> str:
    slug = _OTHERS.sub("-", name.lower()).strip("-._")[:90] or "experiment"
    free, count = slug, 1
    while ctx.tx.execute(select(ours.c.name).where(ours.c.name == free)).first():
        count += 1
        free = f"{slug}-{count}"
    return free
