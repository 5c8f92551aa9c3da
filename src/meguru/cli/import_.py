"""`meguru import`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import print_table

if TYPE_CHECKING:
    from meguru.mlflow.exchange.report import TransferReport


@group
def command() -> None:
    """Bring over what another system keeps."""


@command.command()
@click.argument("source")
@click.option(
    "--artifacts",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A further folder in which the store's files are; may be given again.",
)
@click.option("--no-files", is_flag=True, help="Leave artifacts and model files where they are.")
@click.option("--deep", is_flag=True, help="Download files again that are here, to compare their digests.")
@with_session
def mlflow(session: Session, source: str, artifacts: tuple[Path, ...], *, no_files: bool, deep: bool) -> None:
    """Import an MLflow store: a server (http://…), sqlite:///mlflow.db, or a folder mlruns.

    It can be run again, after a crash or when there is more: nothing is brought twice.
    """
    from meguru.mlflow.exchange.transfer import import_store

    ws = session.open(create=True)
    with progress(session) as tell:
        report = import_store(
            ws, source, artifacts=artifacts, with_files=not no_files, deep=deep, progress=tell
        )
    session.show(report, lambda: print_report(report))
    if not report.same:
        sys.exit(1)


@contextmanager
def progress(session: Session) -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a bar on a terminal, and a line now and then where there is none."""
    if session.as_json or not sys.stderr.isatty():

        def tell(what: str, done: int, of: int | None) -> None:
            if done % 1000 == 0:
                session.note(f"{done:,}{f' of {of:,}' if of else ''} {what}")

        yield tell
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("runs", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)


def print_report(report: TransferReport) -> None:
    """Print what was read, what is here, what differs and what could not be read."""
    rows = [[kind, count.read, count.found, count.added] for kind, count in report.counts.items()]
    print_table(("", "read", "found", "new"), rows)
    for kind, number in report.left_out.items():
        click.echo(f"left out: {number} {kind}")
    for each in report.differences[:20]:
        click.echo(f"differs: {each.what} {each.field}: read {each.read[:100]}, found {each.found[:100]}")
    if report.different > 20:
        click.echo(f"… and {report.different - 20} more differences: see --json")
    for problem in report.problems[:20]:
        click.echo(f"problem: {' | '.join(filter(None, (problem.what, problem.where, problem.why)))}")
    if report.problem_count > 20:
        click.echo(f"… and {report.problem_count - 20} more problems: see --json")
    if report.same:
        click.echo(f"the same on both sides, digest {report.digest_found[:16]}…")
