"""`meguru evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.evidence.types import PackVerdict


@group
def command() -> None:
    """Evidence: all that is known of a release in one file, which anybody can check without Meguru's data."""


@command.command()
@click.argument("release")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the file goes.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@with_session
def export(session: Session, release: str, out: Path | None, *, force: bool) -> None:
    """Write the evidence of RELEASE into one file, signed by the server."""
    from meguru.app.calls import evidence_export
    from meguru.cli.files import write_file

    found = evidence_export(session.open(), release=release)
    path = out or Path(found.name)
    write_file(path, found.data, over=force)
    said = {"release": found.release, "digest": found.digest, "file": str(path), "key": found.key}
    session.show(
        said, lambda: click.echo(_("{path}: check it with meguru evidence verify {path}").format(path=path))
    )


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--trust",
    multiple=True,
    metavar="KEY",
    help="A key that it has to be signed by: a file, or ed25519:BASE64; repeat it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(file: Path, trust: tuple[str, ...], *, as_json: bool) -> None:
    """Check FILE, byte by byte, without a workspace; exit code 0 only if it is whole.

    Who signed it is told. That it is who you think, you have to know from elsewhere: name their key with
    --trust, as `meguru key list` shows it there.
    """
    from meguru.cli.tables import clean
    from meguru.cli.trusted_keys import trusted_keys
    from meguru.errors import TamperedEvidence
    from meguru.evidence.verify import verify_pack

    session = Session(None, as_json=as_json)
    found = verify_pack(_read(file), file=str(file), trusted=trusted_keys(trust))
    if not found.whole:
        for each in found.faults[1:]:
            session.note(clean(f"{each.place}: {each.what}"))
        first = found.faults[0]
        what = _("{file} is not whole").format(file=file)
        session.refuse(found, TamperedEvidence(what, where=clean(first.place), why=clean(first.what)))
    session.show(found, lambda: _print(found))


def _print(found: PackVerdict) -> None:
    """Tell of a pack; what stands in it are a stranger's words until somebody vouched."""
    from meguru.cli.tables import clean

    told = [
        _("whole: {release}, digest {digest}").format(release=found.release, digest=found.digest),
        _("as of {at}; {count} statements").format(at=found.at, count=sum(found.statements.values())),
    ]
    signer = found.signer
    if signer and signer.vouched:
        told.append(_("signed by the key that you trust: {key}").format(key=signer.public))
    elif signer:
        told.append(_("signed by {key}, for which nobody vouched: --trust KEY").format(key=signer.public))
    for line in told:
        click.echo(clean(line))


def _read(file: Path) -> bytes:
    from meguru.errors import NotFound, TooLarge
    from meguru.evidence.types import MAX_BYTES

    try:
        if file.stat().st_size > 2 * MAX_BYTES:
            raise TooLarge("this file is too large to be evidence", where=str(file))
        return file.read_bytes()
    except OSError as error:
        raise NotFound("there is no such file", where=str(file), why=error.strerror or "") from error
