"""The key of whoever types: where its file is, and how it becomes known."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.governance.signing_keys.types import SigningKeyRecord
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.signing.elliptic import EllipticSigningKey
    from meguru.signing.keys import SigningKey

K = TypeVar("K")
PASSWORD = "MEGURU_KEY_PASSWORD"  # noqa: S105 - the name of a variable
FILE = "signing_key.pem"


def default_file() -> Path:
    """Return where one's key is: beside what `meguru login` keeps."""
    from meguru.base.credentials import credentials_file

    return credentials_file().with_name(FILE)


def key_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--file``, by default the file where one's key is."""
    return click.option(
        "--file",
        type=click.Path(dir_okay=False, path_type=Path),
        default=default_file,
        help="Where the private key is; default: signing_key.pem beside what login keeps.",
    )(function)


def own_key(file: Path | None = None) -> SigningKey:
    """Return one's private key; its password is that of the environment, or asked for.

    Raises
    ------
    NotFound
        If there is none: ``meguru key new`` makes one.
    """
    from meguru.signing.key_file import read_key

    return _opened(file or default_file(), read_key)


def any_key(file: Path) -> SigningKey | EllipticSigningKey:
    """Return the private key in a file, of whichever kind it is; as `own_key`."""
    from meguru.signing.key_file import read_any_key

    return _opened(file, read_any_key)


def _opened(path: Path, read: Callable[[Path, bytes | None], K]) -> K:
    from meguru.errors import InvalidInput

    said = os.environ.get(PASSWORD, "")
    try:
        return read(path, said.encode() or None)
    except InvalidInput:
        if said or not _is_encrypted(path):
            raise
    return read(path, click.prompt(_("password"), hide_input=True).encode())


def register(
    ws: Workspace | RemoteWorkspace, key: SigningKey | EllipticSigningKey, note: str = ""
) -> SigningKeyRecord:
    """Add the public half of one's key, with the proof that one holds the other half."""
    from meguru.app.calls import principal_whoami, signing_key_add
    from meguru.governance.signing_keys.proof import prove

    me = principal_whoami(ws).name
    return signing_key_add(ws, public=key.public.text, proof=prove(key, me), note=note)


def _is_encrypted(path: Path) -> bool:
    return path.read_bytes().startswith(b"-----BEGIN ENCRYPTED")
