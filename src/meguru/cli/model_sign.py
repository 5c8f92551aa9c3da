"""`meguru model sign`, `meguru model verify`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import print_table
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.registry.signatures.types import SignatureStanding, StoredModelSignature
    from meguru.registry.types import ModelVersion

SIGNATURE = "model.sig"
_FILE = click.Path(dir_okay=False, path_type=Path)


@verb
@click.argument("ref", type=MODEL)
@click.option(
    "--key",
    type=_FILE,
    default=None,
    help="Sign with your own key, of P-256 (meguru key new --type p256); default: the server signs.",
)
@with_session
def sign(session: Session, ref: str, key: Path | None) -> None:
    """Sign the files of version REF, as OpenSSF model-signing does: anybody can check them with the key."""
    from meguru.app.calls import model_show, model_sign

    ws = session.open()
    made = model_sign(ws, ref=ref) if key is None else _with_own(ws, model_show(ws, ref=ref), key)
    session.show(
        made,
        lambda: click.echo(_("{model} is signed by key {key}").format(model=made.model, key=made.key[:12])),
    )


def _with_own(ws: Workspace | RemoteWorkspace, version: ModelVersion, file: Path) -> StoredModelSignature:
    from meguru.app.calls import model_add_signature
    from meguru.artifacts.trees import read_tree
    from meguru.cli.own_key import any_key
    from meguru.errors import InvalidInput
    from meguru.signing.elliptic import EllipticSigningKey
    from meguru.signing.model_bundle import sign_model

    key = any_key(file)
    if not isinstance(key, EllipticSigningKey):
        hint = "make one: meguru key new --type p256 --file model_key.pem"
        raise InvalidInput("models are signed with a key of P-256", where=str(file), field="key", hint=hint)
    files = {each.path: each.digest for each in read_tree(ws.blobs, version.tree_digest)}
    bundle = sign_model(version.name, files, key).decode()
    return model_add_signature(ws, ref=version.ref, bundle=bundle, public=key.public.text)


@verb
@click.argument("what", metavar="REF_OR_FOLDER")
@click.option("--key", type=_FILE, default=None, help="The public key, as PEM: a folder is checked with it.")
@click.option("--signature", type=_FILE, default=None, help="Default: model.sig in the folder.")
@with_session
def verify(session: Session, what: str, key: Path | None, signature: Path | None) -> None:
    """Check who signed the files of a version, or of a folder that was exported or came from elsewhere.

    Of a folder --key is the public key of who should have signed it: `meguru key show`. The exit code is 0
    only if somebody signed, and all signatures are good.
    """
    from meguru.app.calls import model_signatures
    from meguru.errors import TamperedEvidence

    if Path(what).is_dir():
        _verify_folder(session, Path(what), key, signature)
        return
    found = model_signatures(session.open(), ref=what)
    session.show(found, lambda: print_table(("key", "owner", "at", "state"), [_row(each) for each in found]))
    fault = None
    if bad := next((each for each in found if each.why), None):
        fault = TamperedEvidence("a signature is not good", where=bad.signature.model, why=bad.why)
    elif not found:
        fault = TamperedEvidence("nobody signed it", where=what, hint=f"meguru model sign {what}")
    if fault is not None:
        raise click.exceptions.Exit(fault.exit_code) if session.as_json else fault


def _verify_folder(session: Session, folder: Path, key: Path | None, signature: Path | None) -> None:
    from meguru.errors import UsageError

    if key is None:
        raise UsageError(
            "whose signature should it be?", where="--key", hint="name the public key: --key FILE"
        )
    told = check_folder(folder, key, signature)
    session.show(
        told, lambda: click.echo(_("{folder}: {files} files, as key {key} signed them").format(**told))
    )


def check_folder(folder: Path, key: Path, signature: Path | None) -> dict[str, object]:
    """Return what a signature says of a folder's files; refuse one that is not of just these."""
    from meguru.base import digests
    from meguru.errors import TamperedEvidence
    from meguru.signing.elliptic import EllipticPublicKey
    from meguru.signing.model_bundle import read_signature

    said = read_signature(_bytes(signature or folder / SIGNATURE))
    public = EllipticPublicKey.read(_bytes(key).decode("ascii", "replace"))
    found = sorted(folder.rglob("*"))
    if links := [each for each in found if each.is_symlink()]:
        raise TamperedEvidence("a link is no file of a model", where=str(links[0]))
    skipped = signature.resolve() if signature else None
    files = {
        each.relative_to(folder).as_posix(): digests.of_file(each)
        for each in found
        if each.is_file() and each.resolve() != skipped
    }
    if why := said.check(public, files, lambda path: folder / path):
        raise TamperedEvidence(f"{folder} is not what was signed", where=str(folder), why=why)
    return {"folder": str(folder), "key": public.id, "files": len(said.resources)}


def _row(signature_standing: SignatureStanding) -> list[object]:
    return [
        signature_standing.signature.key[:12],
        signature_standing.owner,
        signature_standing.signature.at,
        signature_standing.why or _("good"),
    ]


def _bytes(path: Path) -> bytes:
    from meguru.errors import NotFound

    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound("there is no such file", where=str(path), why=error.strerror or "") from error


def checked_signature(path: Path, signature: Path | None, key: Path | None) -> Path | None:
    """Return the signature that comes with a folder, once it is found to be of just these files."""
    from meguru.errors import UsageError

    if key is None:
        if signature is not None:
            raise UsageError("whose signature is it?", where="--signed-by", hint="name its public key")
        return None
    if not path.is_dir():
        raise UsageError("a folder is signed as a whole", where=str(path), why="this is a file")
    check_folder(path, key, signature)
    return signature or path / SIGNATURE


@contextmanager
def unsigned(path: Path) -> Iterator[Path]:
    """Give a model folder without the signature that is in it, which is none of its files."""
    if not (path / SIGNATURE).is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=".unsigned-") as scratch:
        bare = Path(scratch) / path.resolve().name

        def left_out(folder: str, _: list[str]) -> set[str]:
            return {SIGNATURE} if Path(folder) == path else set()

        shutil.copytree(path, bare, ignore=left_out, copy_function=os.link, symlinks=True)
        yield bare


def bring(ws: Workspace | RemoteWorkspace, ref: str, signature: Path, key: Path) -> None:
    """Hand over a signature that somebody else made of a version's files."""
    from meguru.app.calls import model_add_signature

    bundle, public = (_bytes(path).decode("utf-8", "replace") for path in (signature, key))
    model_add_signature(ws, ref=ref, bundle=bundle, public=public)
