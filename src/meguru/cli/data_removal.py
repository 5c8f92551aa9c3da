"""`meguru data rm`, `meguru data gc`: versions go, and then their bytes."""

from __future__ import annotations

import click

from meguru.cli.arguments import DATASET
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("ref", type=DATASET)
@click.option("--reason", default="", help="Why it is removed.")
@click.option("--force", is_flag=True, help="Also if something live or running needs it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def rm(session: Session, ref: str, *, reason: str, force: bool, yes: bool) -> None:
    """Remove a version (NAME@3), or all of dataset NAME; their lineage stays, gc frees the bytes."""
    from meguru.app.calls import dataset_remove as ask

    if not yes:
        click.confirm(f"remove {ref}? nobody can read it any more", abort=True, err=True)
    found = ask(session.open(), ref=ref, reason=reason, force=force)

    def human() -> None:
        for each in found.refs:
            click.echo(f"removed {each}")
        click.echo("the bytes are freed by: meguru data gc")

    session.show(found, human)


@verb
@click.option("--plan", is_flag=True, help="Say what would be freed, and free nothing.")
@click.option(
    "--alone", is_flag=True, help="No other workspace keeps blobs in the same place (MEGURU_BLOBS)."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def gc(session: Session, *, plan: bool, alone: bool, yes: bool) -> None:
    """Free the bytes that nothing needs: of removed versions, and of what was never registered."""
    from meguru.app.calls import dataset_free, dataset_garbage

    ws = session.open()
    found = dataset_garbage(ws, alone=alone)
    said = f"{found.bytes:,} bytes in {found.blobs:,} blobs of {len(found.refs):,} removed versions"
    if found.orphans:
        said += f" and {found.orphan_bytes:,} bytes in {found.orphans:,} blobs of nothing"
    if plan or not (found.refs or found.orphans):
        session.show(found, lambda: click.echo(f"{said}; {found.shared:,} blobs stay, others need them"))
        return
    if not yes:
        click.confirm(f"free {said}?", abort=True, err=True)
    freed = dataset_free(ws, alone=alone)
    size, count = freed.bytes + freed.orphan_bytes, freed.blobs + freed.orphans
    session.show(freed, lambda: click.echo(f"freed {size:,} bytes in {count:,} blobs"))
