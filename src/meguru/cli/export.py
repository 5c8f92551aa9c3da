"""`meguru export`."""

from __future__ import annotations

import sys

import click

from meguru.cli.groups import group
from meguru.cli.import_ import print_report, progress
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Send what is here to another system, or write it down as a file."""


@command.command()
@click.option("--name", default="", help="The name of the project in the file; default: the folder's.")
@with_session
def config(session: Session, name: str) -> None:
    """Print a meguru.toml that declares what is here: endpoints, monitors, triggers, pools, projects."""
    from pathlib import Path

    from meguru.base.names import check_name
    from meguru.project.write import written_out

    chosen = check_name("project", name or Path.cwd().name.lower().replace(" ", "-"))
    text = written_out(session.open(), chosen)
    session.show({"toml": text}, lambda: click.echo(text, nl=False))


@command.command()
@click.argument("target")
@with_session
def mlflow(session: Session, target: str) -> None:
    """Export to a folder that MLflow can open, or to a server (http://…).

    It can be run again, after a crash or when there is more: nothing is written twice.
    """
    from meguru.mlflow.exchange.transfer import export_workspace

    ws = session.open()
    with progress(session) as tell:
        report = export_workspace(ws, target, progress=tell)
    session.show(report, lambda: print_report(report))
    if not report.same:
        sys.exit(1)
