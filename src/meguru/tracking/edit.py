"""Operations on what is said of a run, and on whether it is shown: tags, a name, a note, a mark of deletion.

They are for a run in any state, and keep where MLflow's clients look: its name and its note are tags too.
"""

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from meguru.base import refs
from meguru.base.names import check_title
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import Principal
from meguru.tracking import schema, store
from meguru.tracking.client_schema import run_entry
from meguru.tracking.keys import check_keys, check_texts
from meguru.tracking.types import Run

NAME, NOTE = "mlflow.runName", "mlflow.note.content"
MAX_NOTE = 8000


@operation("run.rename", permission="run:write", on="run")
def rename(ctx: Context, *, run: str, name: str) -> Run:
    """Give a run another name; empty takes it away."""
    row = lock_undeleted(ctx.tx, ctx.principal, run)
    kept = check_title("run", name) if name else ""
    if row.name != kept:
        set_name(ctx.tx, row.id, kept)
        ctx.emit("run.renamed", refs.make("run", row.id), data={"name": kept, "before": row.name})
    return store.get(ctx.tx, row.id, ctx.now())


@operation("run.note", permission="run:write", on="run")
def note(ctx: Context, *, run: str, note: str) -> Run:
    """Write what is to be known of a run, over what was there; empty takes it away."""
    row = lock_undeleted(ctx.tx, ctx.principal, run)
    if len(note) > MAX_NOTE:
        raise InvalidInput(
            f"a note of {len(note)} characters is too long",
            why=f"at most {MAX_NOTE:,} are kept",
            hint="log a long text as an artifact",
            field="note",
        )
    if _tags(ctx.tx, row.id).get(NOTE, "") != note:
        _set_or_drop(ctx.tx, row.id, NOTE, note)
        ctx.emit("run.noted", refs.make("run", row.id), data={"note": note[:500]})
    return store.get(ctx.tx, row.id, ctx.now())


@operation("run.tag", permission="run:write", on="run")
def tag(
    ctx: Context, *, run: str, tags: dict[str, str] | None = None, remove: list[str] | None = None
) -> Run:
    """Write tags of a run over those of the same name, and take others away."""
    wanted, gone = tags or {}, remove or []
    check_texts("tag", wanted)
    check_keys("tag", gone)
    row = lock_undeleted(ctx.tx, ctx.principal, run)
    known = _tags(ctx.tx, row.id)
    new = {key: value for key, value in wanted.items() if known.get(key) != value}
    lost = [key for key in gone if key in known and key not in wanted]
    store.set_tags(ctx.tx, row.id, new)
    for key in lost:
        _set_or_drop(ctx.tx, row.id, key, "")
    if NAME in new or NAME in lost:
        set_name(ctx.tx, row.id, check_title("run", new[NAME]) if NAME in new else "")
    if new or lost:
        ctx.emit("run.tagged", refs.make("run", row.id), data={"tags": sorted(new), "removed": sorted(lost)})
    return store.get(ctx.tx, row.id, ctx.now())


@operation("run.delete", permission="run:write", on="run")
def delete_run(ctx: Context, *, run: str) -> Run:
    """Mark a run as deleted: it is in no list, nothing more is logged to it, and everything stays."""
    return _move(ctx, run, "deleted")


@operation("run.restore", permission="run:write", on="run")
def restore(ctx: Context, *, run: str) -> Run:
    """Take the mark of a deleted run away."""
    return _move(ctx, run, "active")


def lock_undeleted(tx: Connection, by: Principal, run: str) -> Row[Any]:
    """Return a run's row, in whichever state, held until the transaction ends; Conflict if it is deleted."""
    row = store.lock_run(tx, by, run)
    if store.is_deleted(tx, row.id):
        raise store.deleted(row.id)
    return row


def set_name(tx: Connection, run: str, name: str) -> None:
    """Write a run's name where both protocols look for it."""
    tx.execute(update(schema.run).where(schema.run.c.id == run).values(name=name))
    _set_or_drop(tx, run, NAME, name)


def set_stage(ctx: Context, run: str, stage: str) -> None:
    """Mark a run as deleted, or take the mark away, and tell of it."""
    values = {"stage": stage, "deleted_at": ctx.now() if stage == "deleted" else None}
    if not ctx.tx.execute(update(run_entry).where(run_entry.c.run == run).values(values)).rowcount:
        ctx.tx.execute(insert(run_entry).values(run=run, status="", user_id="", **values))
    ctx.emit("run.restored" if stage == "active" else "run.deleted", refs.make("run", run))


def _move(ctx: Context, run: str, stage: str) -> Run:
    row = store.lock_run(ctx.tx, ctx.principal, run)
    if store.is_deleted(ctx.tx, row.id) is not (stage == "deleted"):
        set_stage(ctx, row.id, stage)
    return store.get(ctx.tx, row.id, ctx.now())


def _tags(tx: Connection, run: str) -> dict[str, str]:
    table = schema.run_tag.c
    return {row.key: row.value for row in tx.execute(select(table.key, table.value).where(table.run == run))}


def _set_or_drop(tx: Connection, run: str, key: str, value: str) -> None:
    table = schema.run_tag
    if value:
        store.set_tags(tx, run, {key: value})
    else:
        tx.execute(delete(table).where(table.c.run == run, table.c.key == key))
