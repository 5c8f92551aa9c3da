"""Operations that make, rename, describe, delete and restore experiments."""

from typing import Any

from sqlalchemy import Row

from meguru.base import refs
from meguru.base.names import check_title
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.tracking.experiments import names, store
from meguru.tracking.types import Experiment

MAX_NOTE = 20_000


@operation("experiment.create", permission="experiment:write", on="name")
def create_experiment(ctx: Context, *, name: str, note: str = "") -> Experiment:
    """Create an experiment under any name; one that is there already is returned as it is."""
    return store.of_row(ensure(ctx, name, note=note))


@operation("experiment.rename", permission="experiment:write", on="experiment")
def rename(ctx: Context, *, experiment: str, name: str) -> Experiment:
    """Give an experiment, deleted or not, another name; its runs, its reference and its project stay.

    Raises
    ------
    Conflict
        If another experiment has that name.
    """
    row = store.lock(ctx.tx, experiment, ctx.readable)
    title = name.removeprefix(f"{row.project}/") if row.project else name
    kept = check_title("experiment", title, most=store.MAX_NAME)
    if row.name != kept:
        store.set_name(ctx.tx, row.id, kept, ctx.now())
        ctx.emit("experiment.renamed", _ref(row), data={"name": kept, "before": row.name})
    return store.of_row(store.numbered(ctx.tx, row.id))


@operation("experiment.note", permission="experiment:write", on="experiment")
def note(ctx: Context, *, experiment: str, note: str) -> Experiment:
    """Write what an experiment is about, over what was there."""
    row = store.lock(ctx.tx, experiment, ctx.readable)
    if len(note) > MAX_NOTE:
        raise InvalidInput(
            f"a note of {len(note)} characters is too long", why=f"at most {MAX_NOTE:,}", field="note"
        )
    if row.note != note:
        store.set_note(ctx.tx, row.experiment, note)
        ctx.emit("experiment.noted", _ref(row), data={"note": note[:500]})
    return store.of_row(store.numbered(ctx.tx, row.id))


@operation("experiment.delete", permission="experiment:write", on="experiment")
def delete(ctx: Context, *, experiment: str) -> Experiment:
    """Mark an experiment as deleted: it and its runs are in no list, and everything stays."""
    return _move(ctx, experiment, "deleted")


@operation("experiment.restore", permission="experiment:write", on="experiment")
def restore(ctx: Context, *, experiment: str) -> Experiment:
    """Take the mark of a deleted experiment away."""
    return _move(ctx, experiment, "active")


def ensure(ctx: Context, name: str, *, note: str = "") -> Row[Any]:
    """Return the experiment of a name in full, made if need be, in whichever state it is."""
    known = store.called(ctx.tx, name)
    if known is not None:
        return known
    project, own, _ = names.read(name)
    kept = check_title("experiment", own, field="experiment", most=store.MAX_NAME)
    name = names.full(project, kept)
    row, is_new = store.ensure(ctx.tx, name, note=note, at=ctx.now(), by=ctx.principal.name)
    if is_new:
        ctx.emit("experiment.created", _ref(row), data={"name": row.name, "number": row.id, "note": note})
    return row


def _move(ctx: Context, experiment: str, stage: str) -> Experiment:
    row = store.lock(ctx.tx, experiment, ctx.readable)
    if row.stage != stage:
        store.set_stage(ctx.tx, row.id, stage, ctx.now())
        done = "restored" if stage == "active" else "deleted"
        ctx.emit(f"experiment.{done}", _ref(row), data={"name": row.name})
    return store.of_row(store.numbered(ctx.tx, row.id))


def _ref(row: Row[Any]) -> str:
    return refs.make("experiment", row.experiment)
