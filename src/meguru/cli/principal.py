"""`meguru principal`."""

from __future__ import annotations

import click

from meguru.cli.arguments import PRINCIPAL, ROLE
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Say who may act here."""


@command.command()
@click.argument("name")
@click.option(
    "--role",
    default="viewer",
    show_default=True,
    type=ROLE,
    help="A built-in role or one of your own: meguru role list.",
)
@click.option(
    "--kind",
    default="user",
    type=click.Choice(["user", "service"]),
    show_default=True,
    help="A person or a program.",
)
@click.option(
    "--person", default="", help="Whose account it is: another one of theirs, or their e-mail address."
)
@with_session
def create(session: Session, name: str, role: str, kind: str, person: str) -> None:
    """Add a person or a service."""
    from meguru.app.calls import principal_create as create_principal

    made = create_principal(session.open(create=True), name=name, role=role, kind=kind, person=person)
    session.show(made, lambda: click.echo(f"{made.name}: {made.role}\nnext: meguru token create {made.name}"))


@command.command()
@click.argument("name", type=PRINCIPAL)
@click.argument("role", type=ROLE)
@with_session
def role(session: Session, name: str, role: str) -> None:
    """Give principal NAME another ROLE in all projects, as of its next request."""
    from meguru.app.calls import principal_set_role

    made = principal_set_role(session.open(), name=name, role=role)
    session.show(made, lambda: click.echo(f"{made.name}: {made.role}"))


@command.command()
@click.argument("name", type=PRINCIPAL)
@with_session
def delete(session: Session, name: str) -> None:
    """Shut principal NAME out: its tokens end at once, and what it did stays."""
    from meguru.app.calls import principal_retire
    from meguru.cli.specs import retire

    retire(session, principal_retire, name)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List everybody."""
    from meguru.app.calls import principal_list as list_principals

    found = list_principals(session.open())
    rows = [(who.name, who.kind, "shut out" if who.disabled else who.role, who.created_at) for who in found]
    session.table(
        found, ("name", "kind", "role", "since"), rows, begin="meguru principal create NAME --role ROLE"
    )
