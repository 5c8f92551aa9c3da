"""`meguru blob`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace


@group
def command() -> None:
    """Files that the workspace keeps by their content: encrypt them where they lie."""


@command.command()
@click.option(
    "--key", default="", help="What wraps the keys of blobs: file:PATH (made if need be) or age:PATH."
)
@click.option("--all", "everything", is_flag=True, help="Also what is there; may be ended and begun again.")
@with_session
def encrypt(session: Session, key: str, *, everything: bool) -> None:
    """Encrypt new blobs; with --all those that are there, too, and bring all under the present key."""
    from meguru.app.blob_keys import turn_on, under_present_key

    if not (key or everything):
        raise UsageError("say which key", hint="meguru blob encrypt --key file:/etc/meguru/blob.key")
    ws = _here(session)
    if key:
        turn_on(ws, key)
        ws.close()
        session = Session(session.place, as_json=session.as_json, environment=session.environment)
        ws = _here(session)
    count = 0
    for count in under_present_key(ws) if everything else ():  # noqa: B007 - the last one is told
        pass
    session.show({"blobs": count}, lambda: click.echo(f"new blobs are encrypted; {count:,} that were there"))


@command.command()
@with_session
def rotate(session: Session) -> None:
    """Make a new key, and bring all blobs under it; the file keeps the old ones until you take them out."""
    from meguru.app.blob_keys import rotate as make
    from meguru.app.blob_keys import under_present_key

    make(_here(session))
    session = Session(session.place, as_json=session.as_json, environment=session.environment)
    count = 0
    for count in under_present_key(_here(session)):  # noqa: B007 - the last one is told
        pass
    session.show({"blobs": count}, lambda: click.echo(f"{count:,} blobs are under a new key"))


@command.command()
@with_session
def keys(session: Session) -> None:
    """Count blobs by the key that wraps theirs."""
    from meguru.app.blob_keys import state_of

    found = state_of(_here(session))
    rows = [(key or "none: not encrypted", count) for key, count in sorted(found.blobs.items())]
    session.table(found, ("key", "blobs"), rows)


def _here(session: Session) -> Workspace:
    """Open the workspace in this process: keys are of the machine that has the blobs."""
    ws = session.open()
    if ws.is_remote:
        raise UsageError("keys of blobs are of the server", hint="run it where the blobs are")
    return cast("Workspace", ws)
