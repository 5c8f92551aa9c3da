"""`meguru component`."""

from __future__ import annotations

import click

from meguru.cli.arguments import COMPONENT
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Steps that installed packages offer, and who uses them."""


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the components that are installed or used."""
    from meguru.app.calls import component_list as list_components

    found = list_components(session.open())
    rows = [
        (
            one.name,
            one.distribution,
            one.version or "not installed",
            one.error or one.summary,
            len(one.used_by),
        )
        for one in found
    ]
    columns = ("component", "package", "version", "what it does", "uses")
    session.table(
        found,
        columns,
        rows,
        empty="none yet: no installed package offers components (docs/how-to/components.md)",
    )


@command.command()
@click.argument("name", type=COMPONENT)
@with_session
def show(session: Session, name: str) -> None:
    """Show NAME: docs, signature, and the steps that use it."""
    from meguru.app.calls import component_show as show_component

    found = show_component(session.open(), name=name)

    def human() -> None:
        click.echo(f"{found.name}  {found.distribution} {found.version or '(not installed)'}  {found.place}")
        if found.error:
            click.echo(f"  {found.error}")
        else:
            inputs = ", ".join(f"{key}: {kind}" for key, kind in found.inputs.items())
            click.echo(f"  ({inputs}) -> {found.output}")
        for line in found.doc.splitlines():
            click.echo(f"  {line}")
        for use in found.used_by:
            old = "" if use.version == found.version else "  (registered with another version)"
            click.echo(f"  used by {use.pipeline}.{use.step} at {use.version}{old}")

    session.show(found, human)


@command.command()
@click.argument("name", type=COMPONENT)
@click.option("--version", default="", help="A version of its package; default: the installed one.")
@with_session
def impact(session: Session, name: str, version: str) -> None:
    """Tell what another version of NAME affects: steps that run again, pipelines, models."""
    from meguru.app.calls import component_impact as ask

    found = ask(session.open(), name=name, version=version)

    def human() -> None:
        click.echo(
            f"{found.name} ({found.distribution} {found.version}): {len(found.pipelines)} pipelines change"
        )
        for one in found.pipelines:
            click.echo(f"{one.pipeline}@{one.version}")
            for step in one.steps:
                click.echo(f"  {step.step} runs again: {step.why}")
            if one.following:
                click.echo(f"  if that changes what they return: {', '.join(one.following)}")
            for model in one.models:
                click.echo(f"  makes model/{model}")

    session.show(found, human)
