"""`meguru runs`: what is said of a tracked run, and whether it is shown."""

from __future__ import annotations

import sys

import click

from meguru.cli.arguments import TRACKED
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

NOTE = "mlflow.note.content"


@verb
@click.argument("runs", nargs=-1, required=True, type=TRACKED)
@with_session
def rm(session: Session, runs: tuple[str, ...]) -> None:
    """Delete tracked RUNS: they are in no list, and everything stays, so that they can be restored."""
    from meguru.app.calls import run_delete as ask

    ws = session.open()
    gone = [ask(ws, run=run) for run in runs]
    ids = " ".join(run.id for run in gone)
    session.show(gone, lambda: click.echo(f"deleted {ids}; undo: meguru runs restore {ids}"))


@verb
@click.argument("runs", nargs=-1, required=True, type=TRACKED)
@with_session
def restore(session: Session, runs: tuple[str, ...]) -> None:
    """Take tracked RUNS that were deleted back into the lists."""
    from meguru.app.calls import run_restore as ask

    ws = session.open()
    back = [ask(ws, run=run) for run in runs]
    session.show(back, lambda: click.echo(f"restored {' '.join(run.id for run in back)}"))


@verb
@click.argument("run", type=TRACKED)
@click.argument("pairs", nargs=-1, metavar="KEY=VALUE…")
@click.option("--remove", multiple=True, metavar="KEY", help="Take a tag away; can be given again.")
@with_session
def tag(session: Session, run: str, pairs: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Tag a tracked RUN; without KEY=VALUE, show its tags."""
    from meguru.app import calls
    from meguru.errors import UsageError

    tags = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair[:80]!r} is not KEY=VALUE", hint=f"meguru runs tag {run} stage=prod")
        tags[key] = value
    ws = session.open()
    if tags or remove:
        found = calls.run_tag(ws, run=run, tags=tags, remove=list(remove))
    else:
        found = calls.run_show(ws, run=run)
    session.show(
        found, lambda: click.echo("\n".join(f"{key}={found.tags[key]}" for key in sorted(found.tags)))
    )


@verb
@click.argument("run", type=TRACKED)
@click.argument("name")
@with_session
def rename(session: Session, run: str, name: str) -> None:
    """Give a tracked RUN another NAME."""
    from meguru.app.calls import run_rename as ask

    found = ask(session.open(), run=run, name=name)
    session.show(found, lambda: click.echo(f"{found.id} is called {found.name or 'nothing'}"))


@verb
@click.argument("run", type=TRACKED)
@click.argument("text", required=False)
@with_session
def note(session: Session, run: str, text: str | None) -> None:
    """Write TEXT as the note on a tracked RUN (``-``: standard input; empty: none); without it, show it."""
    from meguru.app import calls

    ws = session.open()
    if text is None:
        found = calls.run_show(ws, run=run)
    else:
        found = calls.run_note(ws, run=run, note=sys.stdin.read().strip() if text == "-" else text)
    session.show(found, lambda: click.echo(found.tags.get(NOTE, "")))


COMMANDS = (rm, restore, tag, rename, note)
