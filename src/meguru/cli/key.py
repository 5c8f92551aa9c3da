"""`meguru key`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import SIGNING_KEY
from meguru.cli.groups import group
from meguru.cli.own_key import any_key, key_option, register
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.governance.signing_keys.types import Algorithm, SigningKeyRecord


@group
def command() -> None:
    """Keys: what people and the server sign approvals, packs and models with."""


@command.command()
@key_option
@click.option("--note", default="", help="What the key is for.")
@click.option(
    "--type",
    "algorithm",
    type=click.Choice(["ed25519", "p256"]),
    default="ed25519",
    show_default=True,
    help="p256 signs models, as OpenSSF model-signing reads them; ed25519 all else.",
)
@click.option("--password", is_flag=True, help="Ask for a password, with which the file is encrypted.")
@with_session
def new(session: Session, file: Path, note: str, *, algorithm: str, password: bool) -> None:
    """Make a key of your own: the private half stays in a file here, the public half is added."""
    from meguru.signing.elliptic import EllipticSigningKey
    from meguru.signing.key_file import write_key
    from meguru.signing.keys import SigningKey

    ws = session.open()
    key = EllipticSigningKey.generate() if algorithm == "p256" else SigningKey.generate()
    asked = click.prompt(_("password"), hide_input=True, confirmation_prompt=True) if password else ""
    write_key(file, key, asked.encode() or None)
    key_record = register(ws, key, note)
    session.show(key_record, lambda: click.echo(f"{key_record.id[:12]}: {file}"))


@command.command()
@key_option
@click.option("--note", default="", help="What the key is for.")
@with_session
def add(session: Session, file: Path, note: str) -> None:
    """Add a key that you have in a file: Ed25519 or P-256 as PEM, as openssl makes it.

    Its password is asked for, or taken from MEGURU_KEY_PASSWORD.
    """
    key = register(session.open(), any_key(file), note)
    session.show(key, lambda: click.echo(f"{key.id[:12]}: {key.owner}"))


@command.command("list")
@click.option("--owner", help="Only keys of this person or service.")
@with_session
def list_(session: Session, owner: str | None) -> None:
    """List public keys: those of people, and the server's."""
    from meguru.app.calls import signing_key_list

    found = signing_key_list(session.open(), owner=owner)
    rows = [
        (
            each.id[:12],
            each.owner or _("the server"),
            _public(each),
            each.created_at,
            each.revoked_at,
            each.note,
        )
        for each in found
    ]
    columns = ("key", "owner", "public", "since", "revoked", "note")
    session.table(found, columns, rows, begin="meguru key new")


def _public(key: SigningKeyRecord) -> str:
    return key.public if key.algorithm == "ed25519" else key.algorithm


@command.command()
@click.argument("key", type=SIGNING_KEY)
@click.option(
    "--type",
    "algorithm",
    type=click.Choice(["ed25519", "p256"]),
    default="ed25519",
    help="Which of the server's: p256 signs models.",
)
@with_session
def show(session: Session, key: str, algorithm: Algorithm) -> None:
    """Print the public half of KEY, or of the server's (server): what signatures of it are checked with."""
    from meguru.app.calls import signing_key_show

    found = signing_key_show(session.open(), id=key, algorithm=algorithm)
    session.show(found, lambda: click.echo(found.public.rstrip()))


@command.command()
@click.argument("key", type=SIGNING_KEY)
@click.option("--reason", required=True, help="Why: it stands in the log.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]),
    help="Since when it is in other hands; default: now.",
)
@with_session
def revoke(session: Session, key: str, reason: str, since: datetime | None) -> None:
    """Say that KEY is good for nothing any more; what it signed before stays good."""
    from meguru.app.calls import signing_key_revoke

    moment = since if since is None or since.tzinfo else since.astimezone()
    found = signing_key_revoke(session.open(), id=key, reason=reason, since=moment)
    session.show(found, lambda: click.echo(f"{found.id[:12]} is revoked"))


@command.command()
@click.option("--reason", default="", help="Why: it stands in the log.")
@click.option(
    "--type",
    "algorithm",
    type=click.Choice(["ed25519", "p256"]),
    default="ed25519",
    show_default=True,
    help="p256 signs models, as OpenSSF model-signing reads them; ed25519 all else.",
)
@with_session
def rotate(session: Session, reason: str, algorithm: Algorithm) -> None:
    """Make the server a new key to sign with; what the one before signed stays good."""
    from meguru.app.calls import signing_key_rotate

    made = signing_key_rotate(session.open(), reason=reason, algorithm=algorithm)
    session.show(made, lambda: click.echo(f"{made.id[:12]}: {made.public.rstrip()}"))
