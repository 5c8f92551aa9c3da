"""`meguru runs`: what changes a pipeline run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import RUN
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.pipelines.types import PipelineRun


@verb
@click.argument("run", type=RUN)
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def cancel(session: Session, run: str, reason: str) -> None:
    """Cancel a pipeline run; finished steps keep their outputs."""
    from meguru.app.calls import pipeline_run_cancel as ask

    found = ask(session.open(), run=run, reason=reason)
    session.show(found, lambda: click.echo(f"{found.id} is {found.state}"))


@verb
@click.argument("run", type=RUN)
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def pause(session: Session, run: str, reason: str) -> None:
    """Start no further step of a pipeline run; those that run end as they would."""
    from meguru.app.calls import pipeline_run_pause as ask

    found = ask(session.open(), run=run, reason=reason)
    session.show(found, lambda: click.echo(f"{found.id} pauses; go on: meguru runs resume {found.id}"))


@verb
@click.argument("run", type=RUN)
@with_session
def resume(session: Session, run: str) -> int:
    """Let a paused pipeline run go on."""
    from meguru.app.calls import pipeline_run_resume as ask

    ws = session.open()
    return _follow(session, ws, ask(ws, run=run))


@verb
@click.argument("run", type=RUN)
@click.option(
    "--from", "step", default="", metavar="STEP", help="Run this step and all that depend on it again."
)
@with_session
def retry(session: Session, run: str, step: str) -> int:
    """Run an ended pipeline run again: what it finished is taken over, the rest runs."""
    from meguru.app.calls import pipeline_run_retry as ask

    ws = session.open()
    return _follow(session, ws, ask(ws, run=run, step=step))


@verb
@click.argument("step", metavar="RUN.STEP", type=RUN)
@click.option("--note", default="", help="Why; it is kept with the answer.")
@with_session
def approve(session: Session, step: str, note: str) -> int:
    """Answer yes to what a run asks."""
    return _answer(session, step, note, yes=True)


@verb
@click.argument("step", metavar="RUN.STEP", type=RUN)
@click.option("--note", default="", help="Why; it is kept with the answer.")
@with_session
def refuse(session: Session, step: str, note: str) -> int:
    """Answer no to what a run asks: what waits for the answer is skipped."""
    return _answer(session, step, note, yes=False)


@verb
@click.option("--all", "every", is_flag=True, help="Those that were answered too.")
@with_session
def questions(session: Session, *, every: bool) -> None:
    """List what runs ask people."""
    from meguru.app.calls import approval_list as list_approvals
    from meguru.pipelines.approvals.types import ApprovalState

    page = list_approvals(session.open(), state=None if every else ApprovalState.OPEN)
    rows = [
        (
            f"{one.run}.{one.step}",
            one.question,
            " ".join(f"{name}={text}" for name, text in one.shown.items()),
            one.by or "",
            one.state,
            one.decided_by or "",
            one.deadline,
        )
        for one in page.items
    ]
    columns = ("step", "question", "shown", "for", "state", "by", "until")
    session.table(page, columns, rows, empty="none yet: nobody is asked anything")


COMMANDS: Sequence[click.Command] = (cancel, pause, resume, retry, questions, approve, refuse)


def _answer(session: Session, step: str, note: str, *, yes: bool) -> int:
    from meguru.app.calls import approval_decide as decide
    from meguru.app.calls import pipeline_run_show as show_run

    ws = session.open()
    found = decide(ws, step=step, approve=yes, note=note)
    session.note(f"{found.run}.{found.step} is {found.state}")
    return _follow(session, ws, show_run(ws, ref=found.run))


def _follow(session: Session, ws: Workspace | RemoteWorkspace, run: PipelineRun) -> int:
    """See a run to its end, here if nobody else works on it."""
    from meguru.app.calls import pipeline_show as show_pipeline
    from meguru.cli.live import code_of, told, watching
    from meguru.pipelines.runner import follow

    with watching(session) as watcher:
        watcher.begun(run, show_pipeline(ws, ref=f"{run.pipeline}@{run.version}").graph)
        ended = follow(ws, run, progress=watcher.step)
    session.show(ended, told(ended))
    return code_of(ended)
