"""`meguru runs log` and `meguru runs search`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import RUN
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from datetime import datetime

    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.pipelines.logs.types import LogLine, LogPage

PACE_SECONDS = 0.5
_LATE = timedelta(seconds=5)
_NEWEST, _ALL = 0, -1


@verb
@click.argument("what", metavar="RUN[.STEP]", type=RUN)
@click.option("--follow", "-f", is_flag=True, help="Go on until the step or the run has ended.")
@click.option("--grep", default="", metavar="TEXT", help="Only lines with this text.")
@click.option("--attempt", default=0, metavar="N", help="Of this attempt; default: the newest one.")
@click.option("--tail", default=0, metavar="N", help="Only the last N lines.")
@click.option("--times", is_flag=True, help="Show when and by which stream each line was written.")
@with_session
def log(
    session: Session, what: str, *, follow: bool, grep: str, attempt: int, tail: int, times: bool
) -> None:
    """Print what a step printed, all steps of a run by time, or the script of a tracked run.

    With --json one object with the lines; with --json and --follow one object a line.
    """
    from meguru.app.calls import step_run_log as read_log
    from meguru.pipelines.logs.types import MAX_LINES

    ws = session.open()
    if what.removeprefix("run/").startswith("run-"):
        _print_script(session, ws, what, grep, tail, times=times)
        return
    many = "." not in what.removeprefix("step_run/")

    def read(after: datetime | None = None, tail: int = 0, attempt: int = attempt) -> LogPage:
        return read_log(ws, ref=what, after=after, grep=grep, attempt=attempt, tail=tail, limit=MAX_LINES)

    if follow:
        for line in _follow(read, tail, attempt or _ALL):
            _print(session, line, many=many, times=times)
        return
    page = read(tail=tail)
    if session.as_json:
        session.show(page)
        return
    while True:
        for line in page.lines:
            _print(session, line, many=many, times=times)
        if not page.more:
            break
        page = read(after=page.lines[-1].at)
    if page.dropped:
        session.note(f"{page.dropped:,} bytes of what was printed are not shown")


@verb
@click.argument("text")
@click.option("--run", type=RUN, default="", help="Search one run.")
@click.option("--pipeline", default="", help="Search the recent runs of a pipeline.")
@click.option("--step", default="", help="Only what this step printed.")
@click.option("--runs", "runs_back", default=20, show_default=True, help="With --pipeline: how many runs.")
@click.option("--limit", default=200, show_default=True, help="Lines at most.")
@with_session
def search(
    session: Session, text: str, *, run: str, pipeline: str, step: str, runs_back: int, limit: int
) -> None:
    """Search what steps printed for TEXT; small letters match capitals as well."""
    from meguru.app.calls import step_log_search as search_logs

    found = search_logs(
        session.open(), text=text, run=run, pipeline=pipeline, step=step, runs_back=runs_back, limit=limit
    )
    rows = [(f"{hit.run}.{hit.step}", hit.attempt, hit.at, hit.stream, hit.text) for hit in found.lines]
    session.table(found, ("step run", "attempt", "at", "stream", "text"), rows, empty="no line has it")
    if found.more:
        session.note("there may be more: the search ended at its limit")


def _print_script(
    session: Session, ws: Workspace | RemoteWorkspace, run: str, grep: str, tail: int, *, times: bool
) -> None:
    from meguru.app.scripts.printed import read_output

    page = read_output(ws, run, grep=grep, tail=tail)
    if session.as_json:
        session.show(page)
        return
    for line in page.lines:
        _print(session, line, many=False, times=times)
    if not page.lines:
        session.note("nothing is kept of what it printed: that is done for scripts that meguru run starts")


def _follow(read: Callable[..., LogPage], tail: int, attempt: int) -> Iterator[LogLine]:
    """Yield lines as they come, none twice; those of one step in order, those of several nearly so."""
    page = read(tail=tail, attempt=attempt)
    seen: dict[tuple[str, int], datetime] = {}
    newest: datetime | None = None
    while True:
        for line in page.lines:
            who = (line.step, line.attempt)
            if who not in seen or line.at > seen[who]:
                seen[who] = line.at
                yield line
        at = page.lines[-1].at if page.lines else None
        if not page.live and not page.more:
            return
        if not page.more:
            time.sleep(PACE_SECONDS)
        # Steps are written one after the other: of another one, earlier lines may still come.
        newest = max(filter(None, (newest, at)), default=None)
        after = at if page.more else newest and newest - _LATE
        page = read(after=after, attempt=attempt)


def _print(session: Session, line: LogLine, *, many: bool, times: bool) -> None:
    if session.as_json:
        session.show(line)
        sys.stdout.flush()
        return
    prefix = f"{line.at.astimezone():%H:%M:%S.%f}"[:-3] + f" {line.stream:<8} " if times else ""
    click.echo(f"{prefix}{line.step} | {line.text}" if many else prefix + line.text)
