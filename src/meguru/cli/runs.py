"""`meguru runs`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ANY_RUN
from meguru.cli.groups import group
from meguru.cli.runs_check import check
from meguru.cli.runs_compare import compare
from meguru.cli.runs_edit import COMMANDS as EDITS
from meguru.cli.runs_list import list_
from meguru.cli.runs_steer import COMMANDS
from meguru.cli.session import Session, with_session
from meguru.cli.step_log import log, search
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.pipelines.types import PipelineRun
    from meguru.tracking.types import Run

_MAX_FILES = 10


@group
def command() -> None:
    """Pipeline runs (prun-…) and tracked runs (run-…)."""


command.add_command(list_, "list")
command.add_command(check)
command.add_command(compare)
command.add_command(log)
command.add_command(search)


@command.command()
@click.argument("run", type=ANY_RUN)
@with_session
def show(session: Session, run: str) -> None:
    """Show RUN: its steps, or its params and metrics."""
    ws = session.open()
    if run.removeprefix("run/").startswith("run-"):
        from meguru.app.calls import run_show as show_tracked

        found = show_tracked(ws, run=run)
        session.show(found, lambda: _print_tracked(found))
        return
    from meguru.app.calls import pipeline_run_show as show_run

    shown = show_run(ws, ref=run)
    session.show(shown, lambda: _print_pipeline(shown, _logged(session, shown)))


@command.command()
@click.option("--again", is_flag=True, help="Try also what the server refused before.")
@with_session
def sync(session: Session, *, again: bool) -> None:
    """Send what tracked runs of this machine logged, and could not send before they ended or died."""
    from meguru.app.run_api import spool_of
    from meguru.tracking.replay import send_abandoned

    place, folder = spool_of(session.place)
    found = send_abandoned(session.open(create=True), folder, place=place, retry_refused=again)
    session.table(
        found,
        ("run", "state", "why", "kept in"),
        [(each.run, each.state, each.why, each.folder) for each in found],
        empty="nothing was left behind",
    )
    if any(each.state != "sent" for each in found):
        sys.exit(1)


for each in (*COMMANDS, *EDITS):
    command.add_command(each)


def _print_tracked(run: Run) -> None:
    parts = (run.ref, run.name, run.state, cell(run.started_at), run.experiment)
    click.echo("  ".join(part for part in parts if part))
    if run.deleted_at is not None:
        click.echo(f"  deleted {cell(run.deleted_at)}; undo: meguru runs restore {run.id}")
    from meguru.tracking.captured import is_captured

    captured = {key: value for key, value in run.tags.items() if is_captured(key)}
    tags = {key: value for key, value in run.tags.items() if key not in captured}
    for title, values in (("param", run.params), ("tag", tags), ("around", captured)):
        for key, value in values.items():
            click.echo(f"  {title:<7} {key:<24} {value}")
    for key, item in run.metrics.items():
        click.echo(f"  metric  {key:<24} {cell(item.value)}  ({item.count} points)")


def _logged(session: Session, run: PipelineRun) -> Run | None:
    if run.tracked is None or session.as_json:
        return None
    from meguru.app.calls import run_show as show_tracked

    return show_tracked(session.open(), run=run.tracked)


def _print_pipeline(run: PipelineRun, logged: Run | None) -> None:
    click.echo(f"{run.ref}  {run.pipeline}@{run.version}  {run.state}  {cell(run.created_at)}")
    if run.origin:
        click.echo(
            f"  started by {run.origin}{f', for the partition {run.partition}' if run.partition else ''}"
        )
    for key, value in run.params.items():
        click.echo(f"  {key} = {value}")
    for step in run.steps:
        took = ""
        if step.started_at and step.finished_at and step.state != "cached":
            took = f"{(step.finished_at - step.started_at).total_seconds():.2f} s"
        click.echo(f"  {step.state:<10} {step.step:<24} {took}")
        if step.failed:
            click.echo(f"             {step.failed.type}: {step.failed.message}")
        elif step.reason:
            click.echo(f"             {step.reason}")
        for file in step.files[:_MAX_FILES]:
            click.echo(f"             {file.how} {file.path}  {file.why or file.digest[:12]}")
        if len(step.files) > _MAX_FILES:
            click.echo(f"             and {len(step.files) - _MAX_FILES} more files: --json has all")
    if logged:
        click.echo(f"  logged to {logged.ref}")
        for key, item in logged.metrics.items():
            click.echo(f"    {key:<24} {cell(item.value)}  ({item.count} points)")
    for ref in run.produced:
        click.echo(f"  made {ref}")
