"""`meguru project`."""

from __future__ import annotations

from typing import Any

import click

from meguru.cli.arguments import PRINCIPAL, PROJECT
from meguru.cli.groups import Noun
from meguru.cli.session import Session, with_session


@click.group(cls=Noun)
def command() -> None:
    """Projects: names of their own, and who may do what there."""


@command.command()
@click.argument("name", type=PROJECT)
@click.option("--description", default="", help="What it is for.")
@with_session
def create(session: Session, name: str, description: str) -> None:
    """Make project NAME; or change its description."""
    from meguru.app.calls import project_declare
    from meguru.cli.specs import show
    from meguru.governance.projects.kind import ProjectSpec

    made = project_declare(session.open(create=True), name=name, spec=ProjectSpec(description=description))
    session.show(made, lambda: show(made))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the projects that you may see."""
    from meguru.app.calls import project_list as list_projects

    found = list_projects(session.open())
    rows = [(each.name, each.description, each.created_at or "") for each in found]
    session.table(found, ("project", "description", "since"), rows, begin="meguru project create NAME")


@command.command()
@click.argument("name", type=PROJECT)
@with_session
def delete(session: Session, name: str) -> None:
    """Take project NAME out of use: what is in it stays, and nothing new is made in it."""
    from meguru.app.calls import project_retire
    from meguru.cli.specs import retire

    retire(session, project_retire, name)


@command.command()
@click.argument("name", type=PROJECT)
@with_session
def members(session: Session, name: str) -> None:
    """List who has a role in project NAME, beside those whose role holds in all."""
    from meguru.app.calls import project_members as list_members

    _table(session, list_members(session.open(), name=name))


@command.command()
@click.argument("name", type=PROJECT)
@click.argument("principal", type=PRINCIPAL)
@click.argument("role")
@with_session
def grant(session: Session, name: str, principal: str, role: str) -> None:
    """Give PRINCIPAL a ROLE in project NAME."""
    from meguru.app.calls import project_grant as ask

    _table(session, ask(session.open(), name=name, principal=principal, role=role))


@command.command()
@click.argument("name", type=PROJECT)
@click.argument("principal", type=PRINCIPAL)
@with_session
def revoke(session: Session, name: str, principal: str) -> None:
    """Take PRINCIPAL's role in project NAME away."""
    from meguru.app.calls import project_revoke as ask

    _table(session, ask(session.open(), name=name, principal=principal))


def _table(session: Session, found: list[Any]) -> None:
    rows = [(each.principal, each.role, each.since) for each in found]
    session.table(
        found, ("principal", "role", "since"), rows, begin="meguru project grant NAME PRINCIPAL ROLE"
    )
