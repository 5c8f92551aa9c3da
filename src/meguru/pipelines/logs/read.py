"""Read what steps printed, while they run and afterwards."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime

from meguru.base.moments import write_time
from meguru.errors import InvalidInput, NotFound
from meguru.pipelines import runs
from meguru.pipelines.logs import store
from meguru.pipelines.logs.types import Log, LogLine, LogPage
from meguru.pipelines.logs.written import read
from meguru.pipelines.types import FINAL, PipelineRun, StepState
from meguru.runtime.operations import Context, operation

MOST_LINES = 10_000
MOST_BYTES = 64 << 20
ALL = -1


@operation("step_run.log", permission="pipeline:read", query=True)
def read_log(
    ctx: Context,
    *,
    ref: str,
    after: datetime | None = None,
    grep: str = "",
    attempt: int = 0,
    tail: int = 0,
    limit: int = 2000,
) -> LogPage:
    """Read what a step (RUN.STEP) or all steps of a run (RUN) printed, as lines by time.

    Lines later than `after`; those that have the text `grep` (small letters match capitals as well); of
    one `attempt` (0 is the newest, -1 all); the last `tail`, or else the first `limit`.

    Raises
    ------
    NotFound
        If there is no such run or step.
    """
    if not 0 <= tail <= MOST_LINES or not 1 <= limit <= MOST_LINES:
        raise InvalidInput(f"at most {MOST_LINES:,} lines are shown at a time", field="limit")
    run_id, _, step = ref.removeprefix("step_run/").partition(".")
    run = runs.get(ctx.tx, run_id)
    if step:
        run, step = _source(ctx, run, step)
    logs = store.of_run(ctx.tx, run.id, step=step, after=after)
    logs = store.newest(logs) if attempt == 0 else [log for log in logs if attempt in {ALL, log.attempt}]
    wanted, dropped = _lines(ctx, logs, after, matcher(grep))
    lines = list(heapq.merge(*wanted, key=lambda line: line.at))
    live = run.state not in FINAL and (not step or _moving(ctx, run, step))
    chosen = lines[-tail:] if tail else lines[:limit]
    return LogPage(lines=chosen, more=len(lines) > limit and not tail, live=live, dropped=dropped)


def matcher(words: str) -> Callable[[str], bool]:
    """Return a test for a text; words in small letters match capitals as well."""
    if words == words.lower():
        return lambda text: words in text.lower()
    return lambda text: words in text


def text_of(ctx: Context, log: Log, after: datetime | None = None) -> str:
    """Return a log as it was written."""
    if log.blob is not None:
        return ctx.blobs.get_bytes(log.blob).decode()
    return "".join(store.chunks(ctx.tx, log, after))


def _lines(
    ctx: Context, logs: list[Log], after: datetime | None, fits: Callable[[str], bool]
) -> tuple[list[list[LogLine]], int]:
    since = "" if after is None else write_time(after)
    found: list[list[LogLine]] = []
    dropped = sum(log.dropped for log in logs)
    room = MOST_BYTES
    for log in reversed(logs):
        if room <= 0:
            dropped += log.size
            continue
        text = text_of(ctx, log, after)
        room -= len(text)
        found.append(list(_fitting(read(text, log, since), fits)))
    return found, dropped


def _fitting(lines: Iterator[LogLine], fits: Callable[[str], bool]) -> Iterator[LogLine]:
    return (line for line in lines if fits(line.text))


def _source(ctx: Context, run: PipelineRun, step: str) -> tuple[PipelineRun, str]:
    """Return where a step printed: a cached one did so in the run that it was taken from."""
    begun = runs.steps(ctx.tx, run.id)
    if step not in begun:
        raise NotFound.of("step that has begun", step, begun)
    reused = begun[step].reused
    if begun[step].state is not StepState.CACHED or reused is None:
        return run, step
    run_id, _, key = reused.partition(".")
    return runs.get(ctx.tx, run_id), key


def _moving(ctx: Context, run: PipelineRun, step: str) -> bool:
    state = runs.steps(ctx.tx, run.id)[step].state
    return state in {StepState.RUNNING, StepState.WAITING}
