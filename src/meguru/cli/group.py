"""`meguru group`."""

from __future__ import annotations

import click

from meguru.cli.arguments import GROUP, PRINCIPAL
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.errors import UsageError


@group
def command() -> None:
    """Groups: people by name, or by what their sign-in says of them."""


@command.command()
@click.argument("name")
@click.argument("members", nargs=-1, type=PRINCIPAL)
@click.option("--claim", multiple=True, metavar="NAME=VALUE", help="Who signs in with this claim; repeat it.")
@click.option("--description", default="", help="What it is for.")
@with_session
def create(
    session: Session, name: str, members: tuple[str, ...], claim: tuple[str, ...], description: str
) -> None:
    """Declare group NAME with MEMBERS; or change it."""
    from meguru.app.calls import group_declare
    from meguru.cli.specs import show
    from meguru.governance.groups.kind import GroupSpec

    spec = GroupSpec(members=list(members), claims=_claims(claim), description=description)
    made = group_declare(session.open(create=True), name=name, spec=spec)
    session.show(made, lambda: show(made))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the groups, with those who belong to each now."""
    from meguru.app.calls import group_list

    found = group_list(session.open())
    rows = [
        (
            each.name,
            " ".join(each.present),
            " ".join(f"{name}={value}" for name, value in each.claims.items()),
            each.description,
        )
        for each in found
    ]
    session.table(
        found, ("group", "who", "by claim", "description"), rows, begin="meguru group create NAME MEMBER"
    )


@command.command()
@click.argument("name", type=GROUP)
@with_session
def delete(session: Session, name: str) -> None:
    """Take group NAME away; no grant may name it then."""
    from meguru.app.calls import group_retire
    from meguru.cli.specs import retire

    retire(session, group_retire, name)


def _claims(given: tuple[str, ...]) -> dict[str, str | list[str]]:
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals or not value:
            raise UsageError(
                f"{text!r} is no claim", where="--claim", hint="write NAME=VALUE: groups=ml-team"
            )
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}
