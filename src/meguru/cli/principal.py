"""`meguru principal`."""

from __future__ import annotations

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Say who may act here."""


@command.command()
@click.argument("name")
@click.option(
    "--role", default="viewer", show_default=True, help="owner, engineer, data-scientist, service or viewer."
)
@click.option(
    "--kind",
    default="user",
    type=click.Choice(["user", "service"]),
    show_default=True,
    help="A person or a program.",
)
@with_session
def create(session: Session, name: str, role: str, kind: str) -> None:
    """Add a person or a service."""
    from meguru.app.calls import principal_create as create_principal

    made = create_principal(session.open(create=True), name=name, role=role, kind=kind)
    session.show(made, lambda: click.echo(f"{made.name}: {made.role}\nnext: meguru token create {made.name}"))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List everybody."""
    from meguru.app.calls import principal_list as list_principals

    found = list_principals(session.open())
    rows = [(who.name, who.kind, who.role, who.created_at) for who in found]
    session.table(
        found, ("name", "kind", "role", "since"), rows, begin="meguru principal create NAME --role ROLE"
    )
