"""Read what steps printed, while they run and afterwards."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from meguru.base.timestamps import write_time
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs, step_refs
from meguru.pipelines.logs import store
from meguru.pipelines.logs.encoding import read
from meguru.pipelines.logs.types import MAX_LINES, Log, LogLine, LogPage
from meguru.pipelines.types import FINAL, PipelineRun, StepState

MAX_TEXT_BYTES = 64 << 20
ALL = -1
_NOT_YET = datetime.max.replace(tzinfo=UTC)


@operation("step_run.log", permission="pipeline:read", query=True, on="ref")
def read_log(
    ctx: Context,
    *,
    ref: str,
    after: datetime | None = None,
    before: datetime | None = None,
    grep: str = "",
    attempt: int = 0,
    tail: int = 0,
    limit: int = 2000,
) -> LogPage:
    """Read what a step (RUN.STEP) or all steps of a run (RUN) printed, as lines by time.

    Lines later than `after` and earlier than `before`; those that have the text `grep` (small letters match
    capitals as well); of one `attempt` (0 is the newest, -1 all); the last `tail`, or else the first `limit`.

    Raises
    ------
    NotFound
        If there is no such run or step.
    """
    if not 0 <= tail <= MAX_LINES or not 1 <= limit <= MAX_LINES:
        raise InvalidInput(f"at most {MAX_LINES:,} lines are shown at a time", field="limit")
    run_id, step = step_refs.split(ref)
    run = runs.get(ctx.tx, run_id)
    if step:
        run, step = _source(ctx, run, step)
    live = run.state not in FINAL and (not step or _moving(ctx, run, step))
    wanted = _Fits(matcher(grep), before)
    last = _end(run, step, since=after, fits=wanted)
    if tail:  # leaves out the oldest logs, and says nothing
        logs = store.of_run(ctx.tx, run.id, step=step, after=after, newest=True, limit=store.MAX_LOGS)
        logs, dropped = _chosen(logs, attempt, before)
        log_lines = _last(ctx, logs, after, wanted, tail, whole=bool(grep or before))
        return LogPage(lines=[*log_lines, *last][-tail:], live=live, dropped=dropped)
    lines, dropped, is_cut = _first(ctx, run.id, step, attempt, after, wanted)
    lines = lines if is_cut else [*lines, *last]
    end = limit
    while 0 < end < len(lines) and lines[end].at == lines[end - 1].at:  # a reader goes on after a moment
        end += 1
    return LogPage(lines=lines[:end], more=is_cut or end < len(lines), live=live, dropped=dropped)


def _chosen(logs: list[Log], attempt: int, before: datetime | None) -> tuple[list[Log], int]:
    """Return the logs of an attempt that began early enough, and the bytes that were not kept of all."""
    logs = store.newest(logs) if attempt == 0 else [log for log in logs if attempt in {ALL, log.attempt}]
    dropped = sum(log.dropped for log in logs)
    return [log for log in logs if before is None or log.begun_at < before], dropped


def _first(
    ctx: Context, run: str, step: str, attempt: int, after: datetime | None, wanted: _Fits
) -> tuple[list[LogLine], int, bool]:
    """Return the first lines later than `after`, the bytes that were not kept, and whether there are more.

    What is printed in logs that are not read is later than the first of these begins. So lines are given up
    to there: whoever goes on after the last one misses none of a log that began and ended meanwhile.
    """
    most = store.MAX_LOGS
    while True:
        logs = store.of_run(ctx.tx, run, step=step, after=after, limit=most + 1)
        until = logs[most].begun_at if len(logs) > most else None
        logs, dropped = _chosen(logs[:most], attempt, wanted.before)
        found, unread = _lines(ctx, logs, after, wanted)
        merged = heapq.merge(*reversed(found), key=_time)
        lines = [line for line in merged if until is None or line.at < until]
        # A reader goes on after the last line that it got: without one it would ask for the same for ever.
        if lines or until is None:
            return lines, dropped + unread, until is not None
        most *= 2


class _Fits(NamedTuple):
    """Which lines are wanted: whose text has the words, and that are early enough."""

    words: Callable[[str], bool]
    before: datetime | None

    def __call__(self, line: LogLine) -> bool:
        return self.words(line.text) and (self.before is None or line.at < self.before)


def _end(run: PipelineRun, step: str, since: datetime | None, fits: _Fits) -> list[LogLine]:
    """Return why a run failed that failed by no step: given up, or its output could not be registered."""
    why, at = run.failed, run.finished_at
    if step or why is None or why.step or at is None:
        return []
    told = why.traceback.rstrip() or f"{why.type}: {why.message}"
    times = (at + timedelta(microseconds=n) for n in itertools.count())
    lines = [
        LogLine(at=moment, run=run.id, step="", attempt=0, stream="error", text=text)
        for moment, text in zip(times, told.splitlines(), strict=False)
        if since is None or moment > since
    ]
    return [line for line in lines if fits(line)]


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
    ctx: Context, logs: list[Log], after: datetime | None, fits: _Fits
) -> tuple[list[list[LogLine]], int]:
    """Return the lines of each log, and the bytes of the oldest logs that were too many to be read."""
    since = "" if after is None else write_time(after)
    # The newest first, so that what does not fit is the oldest; a mapped step may have thousands of logs.
    found: list[list[LogLine]] = []
    unread, room = 0, MAX_TEXT_BYTES
    for log in reversed(logs):
        if room <= 0:
            unread += log.size
            continue
        text = text_of(ctx, log, after)
        room -= len(text)
        found.append([line for line in read(text, log, since) if fits(line)])
    return found, unread


def _last(
    ctx: Context, logs: list[Log], after: datetime | None, fits: _Fits, count: int, *, whole: bool
) -> list[LogLine]:
    """Return the last lines of all logs together; those that ended before all of them are not read.

    Without `whole`, no more than so many lines of each log are looked at.
    """
    since = "" if after is None else write_time(after)
    found: list[LogLine] = []
    for log in sorted(logs, key=lambda log: log.ended_at or _NOT_YET, reverse=True):
        if len(found) == count and log.ended_at is not None and log.ended_at < found[0].at:
            break
        lines = read(text_of(ctx, log, after), log, since, last=0 if whole else count)
        found = sorted([*found, *(line for line in lines if fits(line))], key=_time)[-count:]
    return found


def _time(line: LogLine) -> datetime:
    return line.at


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
