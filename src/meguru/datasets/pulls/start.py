"""Start a pull of a dataset's source."""

from __future__ import annotations

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.datasets import spec as specs
from meguru.datasets import store as datasets
from meguru.datasets.pulls import store
from meguru.datasets.pulls.types import DatasetPull, PullState
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.jobs import queue
from meguru.kernel.operations import Context, operation

JOB = "dataset_pull"
ATTEMPTS = 4
"""A source that does not answer is asked so often, with pauses, before the pull has failed."""
_MAX_NOTE = 2000


@operation("dataset.pull", permission="dataset:write", on="name")
def pull(ctx: Context, *, name: str, full: bool = False, evolve: bool = False, note: str = "") -> DatasetPull:
    """Read a dataset's source from where its newest version stands; what came is the next version.

    The read is a job, which `dataset.pulls` shows. While one is under way, that one is returned. With `full`
    everything is read again; with `evolve` also another schema is taken, and fewer rows than there were.
    `note` says why.

    Raises
    ------
    InvalidInput
        If the dataset is declared without a source.
    """
    declared = specs.find(ctx.tx, name)
    if declared is None or declared.source is None:
        known = datasets.names(ctx.tx, ctx.readable)
        if name not in known:
            raise NotFound.of("dataset", name, known, hint="declare it in meguru.toml")
        hint = f'[dataset.{refs.bare(name)}.source] from = "postgresql://…#table", in meguru.toml'
        raise InvalidInput(f"dataset {name!r} has no source to read from", field="name", hint=hint)
    if len(note) > _MAX_NOTE:
        raise InvalidInput("the note is too long", field="note", why=f"up to {_MAX_NOTE:,} characters")
    return start_pull(ctx, name, full=full, evolve=evolve, note=note)


def start_pull(
    ctx: Context, name: str, *, full: bool = False, evolve: bool = False, note: str = ""
) -> DatasetPull:
    """Promise a pull in the open transaction; one that is under way is returned."""
    # The row is the mutual exclusion: one pull of a dataset at a time, whoever asks.
    turn = store.lock(ctx.tx, name)
    if turn.pull:
        return store.get(ctx.tx, turn.pull)
    id = new_id("pull")
    data = {"pull": id, "note": note, "full": full}
    event = ctx.emit("dataset.pull_started", refs.make("dataset", name), data=data)
    job = queue.enqueue(
        ctx,
        kind=JOB,
        key=id,
        payload={"pull": id, "dataset": name},
        cause=event.id,
        max_attempts=ATTEMPTS,
        lane=f"{JOB}:{name}",
    )
    dataset_pull = DatasetPull(
        id=id,
        dataset=name,
        state=PullState.RUNNING,
        asked_at=ctx.now(),
        asked_by=ctx.principal.name,
        note=note,
        full=full,
        evolve=evolve,
        job=job.id,
    )
    store.add(ctx.tx, dataset_pull)
    store.set_turn(ctx.tx, name, pull=id)
    return dataset_pull
