"""`meguru grant`."""

from __future__ import annotations

import click

from meguru.cli.arguments import GRANT, PROJECT, ROLE
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Grants: a role for a person, a group or a service, in projects or in all."""


@command.command()
@click.argument("name")
@click.argument("to")
@click.argument("role", type=ROLE)
@click.option(
    "--project",
    "projects",
    multiple=True,
    type=PROJECT,
    help="Where it holds; repeat it. Default: the project in NAME.",
)
@click.option("--everywhere", is_flag=True, help="In all projects.")
@with_session
def create(
    session: Session, name: str, to: str, role: str, projects: tuple[str, ...], *, everywhere: bool
) -> None:
    """Declare grant NAME: ROLE for TO, a principal or group/NAME; or change it."""
    from meguru.app.calls import grant_declare
    from meguru.cli.specs import show
    from meguru.governance.grants.kind import GrantSpec

    spec = GrantSpec(to=to, role=role, projects=["*"] if everywhere else list(projects))
    made = grant_declare(session.open(create=True), name=name, spec=spec)
    session.show(made, lambda: show(made))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List who has which role where, by grants."""
    from meguru.app.calls import grant_list

    found = grant_list(session.open())
    rows = [(each.name, each.to, each.role, " ".join(each.projects)) for each in found]
    session.table(
        found, ("grant", "to", "role", "projects"), rows, begin="meguru grant create NAME group/GROUP ROLE"
    )


@command.command()
@click.argument("name", type=GRANT)
@with_session
def delete(session: Session, name: str) -> None:
    """Take grant NAME away; it counts no more as of the next request."""
    from meguru.app.calls import grant_retire
    from meguru.cli.specs import retire

    retire(session, grant_retire, name)
