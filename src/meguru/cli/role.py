"""`meguru role`."""

from __future__ import annotations

import click

from meguru.cli.arguments import ROLE
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Roles: sets of permissions, built in or of your own."""


@command.command()
@click.argument("name")
@click.argument("permissions", nargs=-1, required=True)
@click.option("--description", default="", help="What it is for.")
@with_session
def create(session: Session, name: str, permissions: tuple[str, ...], description: str) -> None:
    """Declare role NAME with PERMISSIONS such as run:write, run:* or *:read; or change it."""
    from meguru.app.calls import role_declare
    from meguru.cli.specs import show
    from meguru.governance.roles.kind import RoleSpec

    spec = RoleSpec(allow=list(permissions), description=description)
    made = role_declare(session.open(create=True), name=name, spec=spec)
    session.show(made, lambda: show(made))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the roles, with the permissions that each gives."""
    from meguru.app.calls import role_list

    found = role_list(session.open())
    rows = [(each.name, "built in" if each.builtin else "", " ".join(each.allow)) for each in found]
    session.table(found, ("role", "", "permissions"), rows)


@command.command()
@click.argument("name", type=ROLE)
@with_session
def delete(session: Session, name: str) -> None:
    """Take role NAME away; nobody may have it then."""
    from meguru.app.calls import role_retire
    from meguru.cli.specs import retire

    retire(session, role_retire, name)
