"""`meguru sweep`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, read_pairs, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.sweeps.types import Sweep, Trial


@group
def command() -> None:
    """Sweeps: run a pipeline many times to find its best parameters."""


@command.command()
@click.argument("file", metavar="FILE.py:PIPELINE")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="KEY=RANGE", help="A range or a value; repeat it."
)
@click.option("--metric", required=True, help="What is looked at.")
@click.option("--goal", type=click.Choice(["max", "min"]), default="max", show_default=True)
@click.option("--trials", type=int, help="How many runs; default: 50, or the whole grid.")
@click.option("--sampler", type=click.Choice(["tpe", "random", "grid"]), default="tpe", show_default=True)
@click.option("--pruner", type=click.Choice(["none", "median"]), default="none", show_default=True)
@click.option("--parallel", default=1, show_default=True, help="Runs at a time.")
@click.option("--seed", default=0, show_default=True, help="The same seed suggests the same trials.")
@click.option("--timeout", help="End after so long: 600, 10m, 2h.")
@click.option("--target", type=float, help="End at once with this value.")
@click.option("--max-failed", default=10, show_default=True, help="Fail when more trials have failed.")
@click.option("--detach", is_flag=True, help="Do not wait: a server does the work.")
@with_session
def start(
    session: Session,
    file: str,
    params: tuple[str, ...],
    timeout: str | None,
    *,
    detach: bool,
    **options: Any,
) -> int:
    """Run a pipeline many times, and find its best parameters.

    \b
    Ranges: lr=loguniform:1e-4..1e-1  dropout=uniform:0..0.5:0.1  depth=int:2..10
            width=logint:8..1024  kind=choice:a,b       anything else is the same in all trials
    """  # noqa: D301 - click wants the character
    from meguru.base import durations
    from meguru.sweeps.runner import see_through, start_file
    from meguru.sweeps.types import Search

    ws = session.open(create=True)
    limit = durations.seconds(_number(timeout), field="timeout")
    made = start_file(ws, file, read_pairs(params), Search(timeout=limit, **options))
    if detach:
        session.show(made, lambda: click.echo(f"{made.ref}: look at it: meguru sweep show {made.id}"))
        return 0
    session.note(f"{made.ref}  {made.trials} trials")
    return _end(session, see_through(ws, made, None if session.as_json else _tell))


@command.command()
@click.argument("sweep", type=Id("sweep"))
@click.option("--trials", type=int, help="A new number of trials in all.")
@click.option("--timeout", help="A new time limit from now: 600, 10m, 2h.")
@click.option("--detach", is_flag=True, help="Do not wait: a server does the work.")
@with_session
def resume(session: Session, sweep: str, trials: int | None, timeout: str | None, *, detach: bool) -> int:
    """Go on with SWEEP, after a stop or a crash; no trial is run twice."""
    from meguru.app.calls import sweep_resume as ask
    from meguru.base import durations
    from meguru.sweeps.runner import see_through

    ws = session.open()
    limit = durations.seconds(_number(timeout), field="timeout")
    made = ask(ws, sweep=sweep, trials=trials, timeout=limit)
    if detach:
        session.show(made, lambda: click.echo(f"{made.ref} goes on"))
        return 0
    return _end(session, see_through(ws, made, None if session.as_json else _tell))


@command.command()
@click.argument("sweep", type=Id("sweep"))
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def stop(session: Session, sweep: str, reason: str) -> None:
    """Stop SWEEP; the runs of its running trials are cancelled."""
    from meguru.app.calls import sweep_stop as ask

    made = ask(session.open(), sweep=sweep, reason=reason)
    session.show(made, lambda: click.echo(f"{made.ref} is stopped; undo: meguru sweep resume {made.id}"))


@command.command("list")
@click.option("--pipeline", default="", help="Only sweeps over this pipeline.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, *, pipeline: str, limit: int) -> None:
    """List sweeps, newest first."""
    from meguru.app.calls import sweep_list as list_sweeps

    page = list_sweeps(session.open(), pipeline=pipeline, limit=limit)
    rows = [
        (s.id, s.pipeline, _state(s), _done(s), s.metric, s.best.value if s.best else None, s.created_at)
        for s in page.items
    ]
    session.table(
        page,
        ("sweep", "pipeline", "state", "trials", "metric", "best", "since"),
        rows,
        begin="meguru sweep start FILE.py:PIPELINE -p PARAM=RANGE --metric METRIC",
    )


@command.command()
@click.argument("sweep", type=Id("sweep"))
@with_session
def show(session: Session, sweep: str) -> None:
    """Show SWEEP and its trials."""
    from meguru.app.calls import sweep_show as ask
    from meguru.cli.tables import print_table

    ws = session.open()
    found = ask(ws, sweep=sweep)
    trials = list(_trials(ws, found.id))

    def human() -> None:
        _summary(found)
        names = sorted(found.space)
        rows = [
            [t.number, t.state, t.value, *(t.params[name] for name in names), t.run, t.reason[:80]]
            for t in trials
        ]
        print_table(["trial", "state", found.metric, *names, "run", "why"], rows)

    session.show({"sweep": found, "trials": trials}, human)


@command.command()
@click.argument("sweep", type=Id("sweep"))
@with_session
def best(session: Session, sweep: str) -> None:
    """Show the best trial of SWEEP, as options for `meguru run`."""
    from meguru.app.calls import sweep_best as ask

    found = ask(session.open(), sweep=sweep)
    session.show(found, lambda: click.echo(" ".join(f"-p {text}" for text in _pairs(found.params.items()))))


def _trials(ws: Workspace | RemoteWorkspace, sweep: str) -> Iterator[Trial]:
    from meguru.app.calls import sweep_trials

    page = sweep_trials(ws, sweep=sweep)
    yield from page.items
    while page.next_cursor:
        page = sweep_trials(ws, sweep=sweep, cursor=page.next_cursor)
        yield from page.items


def _number(text: str | None) -> str | float | None:
    return float(text) if text and text.replace(".", "", 1).isdigit() else text


def _pairs(params: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"{key}={value}" for key, value in params]


def _tell(sweep: Sweep, trial: Trial) -> None:
    value = trial.reason if trial.value is None else f"{sweep.metric}={cell(trial.value)}"
    params = "  ".join(f"{key}={cell(each)}" for key, each in sorted(trial.params.items()))
    click.echo(f"trial {trial.number} {trial.state}  {value}  {params}", err=True)


def _end(session: Session, sweep: Sweep) -> int:
    session.show(sweep, lambda: _summary(sweep))
    return 0 if sweep.state == "succeeded" else 1


def _summary(sweep: Sweep) -> None:
    click.echo(f"{sweep.ref}  {sweep.pipeline}@{sweep.version}  {_state(sweep)}  {sweep.reason}".rstrip())
    click.echo(f"  {_done(sweep)} trials: {', '.join(f'{n} {state}' for state, n in sweep.counts.items())}")
    if sweep.best:
        click.echo(f"  best: trial {sweep.best.number}  {sweep.metric} = {cell(sweep.best.value)}")
        click.echo(f"    {' '.join(_pairs(sorted(sweep.best.params.items())))}")
        click.echo(f"    its run: {sweep.best.run}")


def _done(sweep: Sweep) -> str:
    ended = sum(count for state, count in sweep.counts.items() if state not in {"running", "cancelled"})
    return f"{ended}/{sweep.trials}"


def _state(sweep: Sweep) -> str:
    return "interrupted" if sweep.interrupted else str(sweep.state)
