"""`meguru release send`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.environments import open_environment
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.releases.sending.send import SentRelease


@verb
@click.argument("release", type=ENDPOINT)
@click.option(
    "--to", "target", required=True, metavar="ENV", help="An environment of meguru.toml, or a workspace."
)
@click.option(
    "--data",
    type=click.Choice(["manifest", "copy"]),
    default="manifest",
    show_default=True,
    help="Of datasets: only their lists of files go along, or the files too.",
)
@with_session
def send(session: Session, release: str, target: str, data: str) -> None:
    """Send RELEASE to another environment, by digest: nothing is built anew there.

    What is there already is not carried again; interrupted, it goes on where it stopped. In the target it
    is a candidate, which the gates and policies there judge.
    """
    here = session.open()
    from meguru.releases.sending.send import send as carry

    with open_environment(target) as there:
        made = carry(
            here, there, release, data="copy" if data == "copy" else "manifest", source=session.environment
        )
    session.show(made, lambda: _print(made, target))


def _print(made: SentRelease, target: str) -> None:
    click.echo(f"{made.release.ref} is in {target}: {made.release.state}")
    click.echo(f"  identity  {made.release.identity}")
    click.echo(f"  carried   {made.carried} of {made.blobs} blobs, {made.bytes:,} bytes")
