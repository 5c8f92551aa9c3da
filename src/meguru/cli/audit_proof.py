"""`meguru audit proof` and `meguru audit check-proof`."""

from __future__ import annotations

from pathlib import Path

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("event")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@with_session
def proof(session: Session, event: str, out: Path | None) -> None:
    """Prove that EVENT is in the log that was signed, to somebody who has not the log.

    EVENT is its id, or its number.
    """
    import msgspec

    from meguru.app.calls import audit_prove

    found = audit_prove(session.open(), event=event.removeprefix("event/"))
    text = msgspec.json.format(msgspec.json.encode(found), indent=2)
    if out is not None:
        out.write_bytes(text + b"\n")
    session.show(found, lambda: click.echo(text.decode() if out is None else str(out)))


@verb
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--trust",
    metavar="KEY",
    multiple=True,
    required=True,
    help="The server's public key, or a file with it: meguru audit key",
)
@with_session
def check_proof(session: Session, file: Path, trust: tuple[str, ...]) -> None:
    """Check a proof of an event, without any workspace."""
    from meguru.cli.trusted_keys import trusted_keys
    from meguru.kernel.events.proof import check, read

    found = check(read(file.read_bytes()), trusted_keys(trust))
    event, at = found.event, f" at {found.head.at:%Y-%m-%d %H:%M:%S}" if found.head.at else ""
    session.show(
        found,
        lambda: click.echo(
            f"proved: {event.type} of {event.subject} by {event.actor} is entry {event.seq} "
            f"of the {found.head.size} that were signed{at}"
        ),
    )
