"""`meguru experiments`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import EXPERIMENT
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.tracking.types import ExperimentDetail


@group
def command() -> None:
    """Experiments: named groups of tracked runs, the same for Meguru and for MLflow's clients."""


@command.command("list")
@click.option("--deleted", is_flag=True, help="Those that are deleted; back: meguru experiments restore NAME")
@click.option("--limit", default=100, show_default=True, help="How many, by name.")
@with_session
def list_(session: Session, *, deleted: bool, limit: int) -> None:
    """List experiments by name."""
    from meguru.app.calls import experiment_list as ask

    page = ask(session.open(), state="deleted" if deleted else "active", limit=limit)
    rows = [(each.name, each.number, each.note, each.created_at, each.created_by) for each in page.items]
    session.table(
        page,
        ("experiment", "number", "note", "since", "by"),
        rows,
        begin='in Python: with meguru.run("train", experiment="NAME") as r: r.log(auc=0.84)',
    )


@command.command()
@click.argument("experiment", type=EXPERIMENT)
@with_session
def show(session: Session, experiment: str) -> None:
    """Show EXPERIMENT, by its name, number or reference: how many runs, and the newest one."""
    from meguru.app.calls import experiment_show as ask

    found = ask(session.open(), experiment=experiment)
    session.show(found, lambda: _print(found))


@command.command()
@click.argument("experiment", type=EXPERIMENT)
@click.argument("name")
@with_session
def rename(session: Session, experiment: str, name: str) -> None:
    """Give EXPERIMENT, deleted or not, another NAME; its runs stay with it."""
    from meguru.app.calls import experiment_rename as ask

    found = ask(session.open(), experiment=experiment, name=name)
    session.show(found, lambda: click.echo(f"{experiment} is called {found.name}"))


@command.command()
@click.argument("experiment", type=EXPERIMENT)
@click.argument("text")
@with_session
def note(session: Session, experiment: str, text: str) -> None:
    """Write TEXT (``-``: standard input; empty: none) as what EXPERIMENT is about."""
    from meguru.app.calls import experiment_note as ask

    text = sys.stdin.read().strip() if text == "-" else text
    found = ask(session.open(), experiment=experiment, note=text)
    session.show(found, lambda: click.echo(found.note))


@command.command()
@click.argument("experiment", type=EXPERIMENT)
@with_session
def rm(session: Session, experiment: str) -> None:
    """Delete EXPERIMENT: it and its runs are in no list, and everything stays, so that it can be restored."""
    from meguru.app.calls import experiment_delete as ask

    found = ask(session.open(), experiment=experiment)
    session.show(
        found,
        lambda: click.echo(f"deleted {found.name}; undo: meguru experiments restore {_quoted(found.name)}"),
    )


@command.command()
@click.argument("experiment", type=EXPERIMENT)
@with_session
def restore(session: Session, experiment: str) -> None:
    """Take a deleted EXPERIMENT and its runs back into the lists."""
    from meguru.app.calls import experiment_restore as ask

    found = ask(session.open(), experiment=experiment)
    session.show(found, lambda: click.echo(f"restored {found.name}"))


@command.command()
@click.argument("experiment", type=EXPERIMENT)
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def purge(session: Session, experiment: str, *, yes: bool) -> None:
    """Remove a deleted EXPERIMENT for good, with all its runs and what they logged; its name is free then."""
    from meguru.app import calls
    from meguru.errors import UsageError

    ws = session.open()
    found = calls.experiment_show(ws, experiment=experiment)
    runs = sum(found.runs.values()) + found.deleted
    if not yes:
        if session.as_json or not sys.stdin.isatty():
            raise UsageError(
                f"{runs} runs would be removed for good",
                hint=f"say so: meguru experiments purge {_quoted(experiment)} --yes",
            )
        click.confirm(f"remove {found.experiment.name} with its {runs} runs for good?", abort=True, err=True)
    gone = 0
    while True:
        done = calls.experiment_purge(ws, experiment=found.experiment.ref)
        gone += done.runs
        if not done.left:
            break
    session.show(done, lambda: click.echo(f"{done.experiment} and its {gone} runs are gone"))


def _print(found: ExperimentDetail) -> None:
    each = found.experiment
    click.echo(f"{each.name}  {each.ref}  {each.state}  {cell(each.created_at)}  by {each.created_by}")
    if each.note:
        click.echo(f"  {each.note}")
    shown = [f"{count} {state}" for state, count in sorted(found.runs.items())]
    shown += [f"{found.deleted} deleted"] if found.deleted else []
    click.echo(f"  runs: {', '.join(shown) or 'none yet'}")
    if found.newest:
        click.echo(f"  newest: {found.newest.id}  {found.newest.name}  {found.newest.state}")
        click.echo(f"  list them: meguru runs list --experiment {_quoted(each.name)}")


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)
