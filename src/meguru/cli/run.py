"""`meguru run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_pairs, with_session

if TYPE_CHECKING:
    from meguru.pipelines.types import PipelineRun


@verb
@click.argument("target", metavar="FILE.py[:PIPELINE]")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS]")
@click.option("-p", "--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter; repeat it.")
@click.option("--priority", type=int, default=None, help="Of waiting runs the highest goes first.")
@with_session
def command(
    session: Session, target: str, arguments: tuple[str, ...], params: tuple[str, ...], priority: int | None
) -> int:
    """Run a pipeline, or a plain script as a tracked run, and wait for its end.

    Steps whose code, inputs, files, parameters and libraries are those of an earlier run are not run again.

    A file without a pipeline is run as it is: what stands after -- are its arguments, its output and its exit
    code are ours, and its run keeps them with the code, packages and machine.
    """
    from meguru.cli.live import LineWatcher, code_of, told, watching
    from meguru.pipelines import cached_run

    given = read_pairs(params)
    run = None if arguments else cached_run.run(session.place, target, given)
    if run is None and _is_script(target):
        return _script(session, target, arguments, params)
    if arguments:
        _refuse_arguments(target, arguments)
    if run is None:
        from meguru.pipelines.runner import run_file

        ws = session.open(create=True)
        with watching(session) as watcher:
            run = run_file(ws, target, given, progress=watcher.step, begun=watcher.begun, priority=priority)
        _tell_deployed(session, run)
    elif not session.as_json:
        for step in run.steps:
            LineWatcher().step(step)
    session.show(run, told(run))
    return code_of(run)


def _tell_deployed(session: Session, run: PipelineRun) -> None:
    """Say so when what was run is not what triggers run."""
    from meguru.app.calls import pipeline_deployments

    deployed = pipeline_deployments(session.open(), name=run.pipeline, limit=1)
    if deployed and deployed[0].version != run.version:
        session.note(
            f"{run.pipeline}@{deployed[0].version} is what triggers run; to have them run this: "
            f"meguru pipeline deploy {run.pipeline}@{run.version}"
        )


def _is_script(target: str) -> bool:
    from meguru.compute.code import pipeline_finder

    return target.endswith(".py") and Path(target).is_file() and pipeline_finder.is_script(Path(target))


def _script(session: Session, target: str, arguments: tuple[str, ...], params: tuple[str, ...]) -> int:
    from meguru.app.scripts.run import run_script
    from meguru.errors import UsageError

    if params:
        name, _, value = params[0].partition("=")
        raise UsageError(
            f"{target} is a plain script, which has no parameters",
            why="no function in it is marked with @pipeline",
            where=target,
            hint=f"meguru run {target} -- --{name} {value}",
        )
    session.open(create=True).close()  # says it if there was none
    found = run_script(Path(target), arguments, workspace=session.place, out=2 if session.as_json else 1)
    session.show(found)
    session.note(f"{found.run.state}: {found.run.ref}  exit code {found.code}")
    session.note(
        f"  see it: meguru runs show {found.run.id}   what it printed: meguru runs log {found.run.id}"
    )
    return found.code


def _refuse_arguments(target: str, arguments: tuple[str, ...]) -> None:
    from meguru.errors import UsageError

    raise UsageError(
        f"a pipeline takes no arguments: {' '.join(arguments)[:100]!r}",
        where=target,
        hint="give its parameters: -p key=value",
    )
