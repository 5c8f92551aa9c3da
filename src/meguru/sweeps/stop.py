"""Stop a sweep, and let one go on."""

from __future__ import annotations

from datetime import timedelta

from meguru.errors import Conflict
from meguru.kernel import jobs
from meguru.kernel.operations import Context, operation
from meguru.sweeps import space as spaces
from meguru.sweeps import store
from meguru.sweeps.commits import end_sweep
from meguru.sweeps.start import MAX_TRIALS, check_count, check_timeout, enqueue
from meguru.sweeps.types import Sweep, SweepState


@operation("sweep.stop", permission="pipeline:write", on="sweep")
def stop(ctx: Context, *, sweep: str, reason: str = "") -> Sweep:
    """Stop a sweep: the runs of its running trials are cancelled. It can be resumed.

    Raises
    ------
    Conflict
        If it is over.
    """
    found = store.hold(ctx.tx, sweep, ctx.now())
    if found.state is not SweepState.RUNNING:
        raise Conflict(f"sweep {found.id} is over", why=f"it {found.state.value}", where=found.ref)
    # With the job its worker's lease is over: no commit of it begins a trial of a sweep that is stopped.
    jobs.cancel(ctx.tx, "sweep", f"{found.id}.{found.round}", ctx.now())
    end_sweep(ctx, found, SweepState.STOPPED, reason or "it was stopped")
    return store.get(ctx.tx, found.id, ctx.now())


@operation("sweep.resume", permission="pipeline:write", on="sweep")
def resume(ctx: Context, *, sweep: str, trials: int | None = None, timeout: float | None = None) -> Sweep:
    """Let a sweep that is over go on: trials that were cancelled begin again, with the same parameters.

    `trials` is a new number of trials in all, `timeout` a new time limit from now (default: the one it had).
    A sweep that is running is returned as it is: a worker goes on with it by itself.

    Raises
    ------
    Conflict
        If all its trials were made; give a larger number.
    """
    found = store.hold(ctx.tx, sweep, ctx.now())
    if found.state is SweepState.RUNNING:
        return found
    most = spaces.grid_size(found.space) if found.sampler == "grid" else MAX_TRIALS
    wanted = found.trials if trials is None else trials
    check_count("trials", wanted, most)
    ended = sum(count for state, count in found.counts.items() if state not in {"running", "cancelled"})
    if ended >= wanted:
        raise Conflict(
            f"sweep {found.id} has made its {ended} trials",
            where=found.ref,
            hint=f"give a larger number: meguru sweep resume {found.id} --trials {ended + 10}",
        )
    check_timeout(timeout)
    limit = found.timeout if timeout is None else timeout
    data = {"pipeline": found.pipeline, "trials": wanted, "round": found.round + 1}
    event = ctx.emit("sweep.resumed", found.ref, data=data)
    job = enqueue(ctx, found.id, found.round + 1, event.id)
    store.change(
        ctx.tx,
        found.id,
        state=SweepState.RUNNING.value,
        job=job.id,
        round=found.round + 1,
        forgiven_failures=found.counts.get("failed", 0),
        trials=wanted,
        timeout=limit,
        deadline=ctx.now() + timedelta(seconds=limit) if limit else None,
        finished_at=None,
        reason="",
    )
    return store.get(ctx.tx, found.id, ctx.now())
