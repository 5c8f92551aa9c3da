"""`meguru policy`."""

from __future__ import annotations

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import print_table


@group
def command() -> None:
    """Policies: which commits the code that runs here may come from."""


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the policies, and what each asks."""
    from meguru.app.calls import apply_present

    found = [each for each in apply_present(session.open()) if each.kind == "policy"]
    rows = [(each.name, ", ".join(f"{key} = {value}" for key, value in each.spec.items())) for each in found]
    session.table(found, ("policy", "asks"), rows, begin='[env.prod.policy] code = { branch = "main" }')


@command.command()
@click.argument("commit")
@click.option("--branch", required=True, help="The branch that it is on.")
@click.option("--repository", default="", help="The repository that it is in.")
@click.option("--author", default="", help="Who wrote it.")
@click.option("--approved-by", "approved", multiple=True, metavar="NAME", help="Who approved it; repeat it.")
@click.option("--pull-request", default="", help="Where it was reviewed.")
@with_session
def attest(
    session: Session,
    commit: str,
    *,
    branch: str,
    repository: str,
    author: str,
    approved: tuple[str, ...],
    pull_request: str,
) -> None:
    """Tell where COMMIT comes from, and who approved it: what CI does after a merge."""
    from meguru.app.calls import policy_attest as tell

    told = tell(
        session.open(),
        commit=commit,
        branch=branch,
        repository=repository,
        author=author,
        approved_by=list(approved),
        pull_request=pull_request,
    )
    session.show(told, lambda: click.echo(f"commit {commit[:12]} is on {told.branch}"))


@command.command()
@click.argument("commit")
@with_session
def show(session: Session, commit: str) -> None:
    """Show what was told of COMMIT."""
    from meguru.app.calls import policy_attested

    found = policy_attested(session.open(), commit=commit)
    rows = [
        [each.branch, each.author, " ".join(each.approved_by), each.reported_by, each.at] for each in found
    ]
    session.show(found, lambda: print_table(["branch", "author", "approved by", "told by", "at"], rows))
