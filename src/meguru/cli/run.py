"""`meguru run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.session import Session, read_pairs, with_session

if TYPE_CHECKING:
    from meguru.pipelines.types import StepRun

MARKS = {"running": "…", "succeeded": "✓", "cached": "=", "failed": "✗", "waiting": "↻", "skipped": "-"}


@click.command()
@click.argument("target", metavar="FILE.py:PIPELINE")
@click.option("-p", "--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter; repeat it.")
@click.option("--priority", type=int, default=None, help="Of waiting runs the highest goes first.")
@with_session
def command(session: Session, target: str, params: tuple[str, ...], priority: int | None) -> int:
    """Run a pipeline, and wait for its end.

    Steps whose code, inputs, parameters and libraries are those of an earlier run are not run again.
    """
    from meguru.pipelines import quick
    from meguru.pipelines.types import RunState

    given = read_pairs(params)
    progress = None if session.as_json else _tell
    run = quick.run(session.place, target, given)
    for step in run.steps if run is not None and progress else ():
        _tell(step)
    if run is None:
        from meguru.pipelines.runner import run_file

        run = run_file(session.open(create=True), target, given, progress=progress, priority=priority)

    def human() -> None:
        click.echo(f"{run.state}: {run.ref}  ran {run.ran}, cached {run.cached}")
        for name, value in run.metrics.items():
            click.echo(f"  {name} = {value:.4g}")
        for ref in run.produced:
            click.echo(f"  made {ref}")
        if run.failed:
            click.echo(f"  {run.failed.step}: {run.failed.type}: {run.failed.message}")
            click.echo(f"  see it: meguru runs log {run.id}.{run.failed.step}")

    session.show(run, human)
    return 0 if run.state is RunState.SUCCEEDED else 1


def _tell(step: StepRun) -> None:
    took = ""
    if step.state == "succeeded" and step.started_at and step.finished_at:
        took = f"  {(step.finished_at - step.started_at).total_seconds():.2f} s"
    click.echo(f"{MARKS.get(step.state, ' ')} {step.step} {step.state}{took}", err=True)
