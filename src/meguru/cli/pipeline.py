"""`meguru pipeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import PIPELINE
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell, print_table

if TYPE_CHECKING:
    from meguru.pipelines.deployments.types import PipelineDeployment
    from meguru.pipelines.types import PipelineVersion

_SHOWN = 10


@group
def command() -> None:
    """Pipelines: their versions, and which one is deployed: triggers, calendars and backfills run that."""


@command.command("list")
@click.option("--limit", default=100, show_default=True, help="How many, by name.")
@with_session
def list_(session: Session, limit: int) -> None:
    """List pipelines, with the version that is deployed and the newest."""
    from meguru.app.calls import pipeline_list as list_pipelines

    page = list_pipelines(session.open(), limit=limit)
    rows = [
        (p.name, p.deployed, p.version, p.entry, p.produces, p.last_state or "", p.created_at)
        for p in page.items
    ]
    heads = ("pipeline", "deployed", "newest", "entry", "makes", "last run", "newest since")
    session.table(page, heads, rows, begin="meguru run FILE.py:PIPELINE")


@command.command()
@click.argument("pipeline", type=PIPELINE)
@with_session
def show(session: Session, pipeline: str) -> None:
    """Show a version of PIPELINE (the newest, unless it says which), and what was deployed when."""
    from meguru.app.calls import pipeline_deployments, pipeline_show

    ws = session.open()
    version = pipeline_show(ws, ref=pipeline)
    deployed = pipeline_deployments(ws, name=version.name, limit=_SHOWN)
    session.show({"pipeline": version, "deployments": deployed}, lambda: _print(version, deployed))


@command.command()
@click.argument("pipeline", type=PIPELINE)
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def deploy(session: Session, pipeline: str, reason: str) -> None:
    """Have triggers, calendars and backfills run a version of PIPELINE: NAME@N, or the newest."""
    from meguru.app.calls import pipeline_deploy as ask

    made = ask(session.open(), name=pipeline, reason=reason)
    session.show(
        made,
        lambda: click.echo(
            f"pipeline/{made.name}@{made.version} is deployed; undo: meguru pipeline rollback {made.name}"
        ),
    )


@command.command()
@click.argument("pipeline", type=PIPELINE)
@click.option("--to", type=int, help="A version that was deployed once; default: the one before.")
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def rollback(session: Session, pipeline: str, to: int | None, reason: str) -> None:
    """Deploy the version of PIPELINE again that was deployed before."""
    from meguru.app.calls import pipeline_rollback as ask

    made = ask(session.open(), name=pipeline, to=to, reason=reason)
    session.show(made, lambda: click.echo(f"pipeline/{made.name}@{made.version} is deployed again"))


def _print(version: PipelineVersion, deployed: list[PipelineDeployment]) -> None:
    click.echo(f"{version.ref}  {version.entry}  {cell(version.created_at)}  by {version.created_by}")
    click.echo(f"  digest    {version.digest}")
    if version.commit:
        dirty = "  with uncommitted changes" if version.commit.endswith("+") else ""
        click.echo(f"  commit    {version.commit.removesuffix('+')}{dirty}")
    now = f"@{deployed[0].version}" if deployed else f"none yet: meguru pipeline deploy {version.name}"
    click.echo(f"  deployed  {now}")
    if deployed:
        rows = [
            [
                f"@{deployment.version}" + (" again" if deployment.rolled_back_to else ""),
                deployment.at,
                deployment.by,
                deployment.reason,
            ]
            for deployment in deployed
        ]
        print_table(["deployed", "since", "by", "why"], rows)
