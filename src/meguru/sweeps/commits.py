"""The changes of a sweep under way, each in one transaction that only the holder of its job can commit."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from meguru.base import refs
from meguru.errors import Conflict
from meguru.kernel.operations import Context, InternalOperation
from meguru.pipelines.cancel import cancel
from meguru.pipelines.start import start
from meguru.sweeps import store
from meguru.sweeps.kind import SWEEP
from meguru.sweeps.types import Scalar, Sweep, SweepState, Trial, TrialState

ADVANCE = InternalOperation(SWEEP, "advance")


def begin(ctx: Context, sweep: Sweep, number: int, params: dict[str, Scalar], *, again: bool) -> None:
    """Start a trial and its pipeline run, both or neither."""
    # The event first: the run is caused by it. A run that can't start takes event and trial back with it.
    event = ctx.emit("sweep_trial.started", sweep.ref, data={"trial": number, "params": params})
    run = start(
        ctx.with_(cause=event.id),
        pipeline=refs.make("pipeline", sweep.pipeline, sweep.version),
        params=sweep.params | params,
        origin=sweep.ref,
    )
    trial = Trial(
        sweep=sweep.id,
        number=number,
        state=TrialState.RUNNING,
        params=params,
        run=run.id,
        started_at=ctx.now(),
    )
    store.put_trial(ctx.tx, trial, new=not again)


def end_trial(ctx: Context, sweep: Sweep, trial: Trial) -> None:
    """Write how a trial ended; its run is cancelled if it still runs."""
    ended = msgspec.structs.replace(trial, finished_at=ctx.now())
    if trial.state in {TrialState.PRUNED, TrialState.CANCELLED}:
        with suppress(Conflict):  # it ended by itself just now
            cancel(ctx, run=trial.run, reason=f"trial {trial.number} of {sweep.ref}: {trial.reason}")
    store.put_trial(ctx.tx, ended, new=False)
    ctx.emit(
        "sweep_trial.finished",
        sweep.ref,
        data={
            "trial": trial.number,
            "run": trial.run,
            "state": trial.state.value,
            "metric": sweep.metric,
            "value": trial.value,
            "reason": trial.reason,
        },
    )


def end_sweep(ctx: Context, sweep: Sweep, state: SweepState, reason: str) -> None:
    """End a sweep; trials that still run are cancelled, and begin again if it is resumed."""
    for trial in store.running(ctx.tx, sweep.id):
        end_trial(ctx, sweep, msgspec.structs.replace(trial, state=TrialState.CANCELLED, reason=reason))
    store.change(ctx.tx, sweep.id, state=state.value, reason=reason, finished_at=ctx.now())
    best = store.best(ctx.tx, sweep.id, sweep.goal)
    ctx.emit(
        "sweep.finished",
        sweep.ref,
        data={
            "pipeline": sweep.pipeline,
            "state": state.value,
            "reason": reason,
            "metric": sweep.metric,
            "best": best.value if best else None,
            "trial": best.number if best else None,
            "params": best.params if best else None,
        },
        used=[refs.make("pipeline_run", best.run)] if best else [],
        produced=[sweep.ref] if best else [],
    )
