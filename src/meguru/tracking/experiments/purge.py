"""Remove a deleted experiment for good: its runs, all that they logged, and its name."""

import msgspec
from sqlalchemy import Connection, Table, delete, func, select

from meguru.artifacts.holds.store import check_free
from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.storage.db import metadata
from meguru.tracking import schema
from meguru.tracking.client_schema import experiment_entry, experiment_tag, input_dataset
from meguru.tracking.experiments import names, store

AT_ONCE = 200
FOLLOWERS = "purge follower"
"""Kinds that keep something of runs: ``f(tx, number, runs)`` forgets it, or raises Conflict."""


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs were removed, and how many are left for the next call; with none, the name is free."""

    experiment: str
    runs: int
    left: int


@operation("experiment.purge", permission="purge:experiment", on="experiment")
def purge(ctx: Context, *, experiment: str) -> Purged:
    """Remove 200 runs of a deleted experiment for good, with all they logged; with the last one, itself.

    Events stay, and what blobs hold. Call it again until none is left.

    Raises
    ------
    Conflict
        If the experiment is not deleted, its project is under a legal hold, or a registered model needs the
        files of one of its runs.
    """
    row = store.lock(ctx.tx, experiment, ctx.readable)
    ref, name = refs.make("experiment", row.experiment), names.write(row.project, row.name)
    if row.stage == "active":
        raise Conflict(
            f"the experiment {name!r} is not deleted",
            where=ref,
            why="only a deleted one can be removed for good",
            hint=f"delete it first: meguru experiments rm '{name}'",
        )
    check_free(ctx.tx, ctx.now(), refs.make("project", row.project or refs.DEFAULT), row.project)
    mine = select(schema.run.c.id).where(schema.run.c.experiment == row.experiment)
    # Held as whoever logs holds them (that waits for no lock of the log): a point that came in between would
    # be left without its run, or its series keep the run from being removed. By id, as a group commit of
    # what many log holds them (see `GroupCommit.submit`): in another order both could wait for each other.
    held = mine.order_by(schema.run.c.id).limit(AT_ONCE).with_for_update()
    runs = list(ctx.tx.execute(held).scalars())
    followers = provided(FOLLOWERS)
    for kind in followers.names():
        followers.load(kind)(ctx.tx, row.id, runs)
    forget(ctx.tx, runs)
    of_it = select(func.count()).select_from(schema.run).where(schema.run.c.experiment == row.experiment)
    left = ctx.tx.execute(of_it).scalar_one()
    told = {"name": row.name, "runs": len(runs), "left": left}
    if left:
        ctx.emit("experiment.emptied", ref, data=told)
    else:
        _remove(ctx.tx, row.id, row.experiment)
        ctx.emit("experiment.purged", ref, data=told)
    return Purged(experiment=name, runs=len(runs), left=left)


def forget(tx: Connection, runs: list[str]) -> None:
    """Remove runs, and every row that is theirs."""
    series = select(schema.run_series.c.id).where(schema.run_series.c.run.in_(runs))
    for points in (schema.run_point, schema.run_chunk):
        tx.execute(delete(points).where(points.c.series.in_(series)))
    for table in _with_a_run():
        tx.execute(delete(table).where(table.c.run.in_(runs)))
    tx.execute(delete(schema.run).where(schema.run.c.id.in_(runs)))


def _with_a_run() -> list[Table]:
    """Return the tables whose rows belong to a run, whoever adds one."""
    return [
        table
        for table in metadata.tables.values()
        # By name: what a key of another noun refers to need not be loaded here.
        if any(key.target_fullname == "run.id" for key in table.foreign_keys)
    ]


def _remove(tx: Connection, number: int, key: str) -> None:
    tx.execute(delete(input_dataset).where(input_dataset.c.experiment == key))
    tx.execute(delete(experiment_tag).where(experiment_tag.c.experiment == number))
    tx.execute(delete(experiment_entry).where(experiment_entry.c.id == number))
    tx.execute(delete(schema.experiment).where(schema.experiment.c.name == key))
