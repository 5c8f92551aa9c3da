"""`meguru run`."""

from __future__ import annotations

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_pairs, with_session


@verb
@click.argument("target", metavar="FILE.py:PIPELINE")
@click.option("-p", "--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter; repeat it.")
@click.option("--priority", type=int, default=None, help="Of waiting runs the highest goes first.")
@with_session
def command(session: Session, target: str, params: tuple[str, ...], priority: int | None) -> int:
    """Run a pipeline, and wait for its end.

    Steps whose code, inputs, parameters and libraries are those of an earlier run are not run again.
    """
    from meguru.cli.live import Lines, code_of, told, watching
    from meguru.pipelines import quick

    given = read_pairs(params)
    run = quick.run(session.place, target, given)
    if run is None:
        from meguru.pipelines.runner import run_file

        ws = session.open(create=True)
        with watching(session) as watcher:
            run = run_file(ws, target, given, progress=watcher.step, begun=watcher.begun, priority=priority)
    elif not session.as_json:
        for step in run.steps:
            Lines().step(step)
    session.show(run, told(run))
    return code_of(run)
