"""`meguru quarantine`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.quarantine.types import QuarantinedModel

_SHOWN = 12
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@group
def command() -> None:
    """Objects that may be models and may run code: kept as bytes, listed, converted apart, vouched for."""


@command.command("list")
@click.option("--state", default="", help="quarantined, converted, accepted, refused or expired.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, state: str, limit: int) -> None:
    """List what is, or was, in quarantine, newest first."""
    from meguru.app.calls import quarantine_list as ask

    page = ask(session.open(), state=state, limit=limit)
    rows = [
        (q.id, q.model, q.state, q.listing.made or q.file, q.size, q.created_at, q.step) for q in page.items
    ]
    columns = ("quarantine", "model", "state", "object", "bytes", "since", "step")
    session.table(page, columns, rows, begin="meguru model add NAME FILE")


@command.command()
@click.argument("quarantined", type=Id("q"))
@with_session
def show(session: Session, quarantined: str) -> None:
    """Show QUARANTINED: what it would import, and what can become of it."""
    from meguru.app.calls import quarantine_show as ask

    found = ask(session.open(), id=quarantined)
    session.show(found, lambda: tell(found))


@command.command()
@click.argument("quarantined", type=Id("q"))
@click.option("--example", type=_FILE, default=None, help="Rows to ask before and after: CSV, Parquet, JSON.")
@click.option("--holdout", type=_FILE, default=None, help="Rows that it has not seen, with the label.")
@click.option("--task", default="", help="What its answers mean: binary, regression, …")
@click.option("--label", default="", help="The column of the holdout that holds the truth.")
@with_session
def convert(
    session: Session, quarantined: str, example: Path | None, holdout: Path | None, task: str, label: str
) -> None:
    """Convert QUARANTINED into a model of data alone, in a process without network and files."""
    import msgspec

    from meguru.app.calls import quarantine_convert as ask
    from meguru.app.calls import quarantine_show as look
    from meguru.quarantine.hand_over import put_rows

    ws = session.open()
    said = look(ws, id=quarantined).evidence
    said = msgspec.structs.replace(said, task=task or said.task, label=label or said.label)
    digests = {"example": put_rows(ws, example), "holdout": put_rows(ws, holdout)}
    found = ask(ws, id=quarantined, evidence=said, **digests)
    session.show(found, lambda: tell(found))


@command.command()
@click.argument("quarantined", type=Id("q"))
@click.option("--name", default="", help="The model; by default that for which it was handed over.")
@click.option("--reason", required=True, help="Why you vouch for it.")
@with_session
def accept(session: Session, quarantined: str, name: str, reason: str) -> None:
    """Vouch for QUARANTINED, which was converted: it becomes a model version."""
    from meguru.app.calls import quarantine_accept as ask

    found = ask(session.open(), id=quarantined, name=name, reason=reason)
    session.show(found, lambda: click.echo(f"{found.version}  from {found.ref}"))


@command.command()
@click.argument("quarantined", type=Id("q"))
@click.option("--reason", required=True, help="Why.")
@with_session
def refuse(session: Session, quarantined: str, reason: str) -> None:
    """Give up QUARANTINED."""
    from meguru.app.calls import quarantine_refuse as ask

    found = ask(session.open(), id=quarantined, reason=reason)
    session.show(found, lambda: click.echo(f"{found.ref} is refused"))


@command.command("get")
@click.argument("quarantined", type=Id("q"))
@click.argument("target", type=click.Path(path_type=Path))
@with_session
def get_(session: Session, quarantined: str, target: Path) -> None:
    """Write the files of QUARANTINED into the new folder TARGET; nothing of them is loaded."""
    from meguru.app.calls import quarantine_show as ask
    from meguru.artifacts import trees
    from meguru.errors import Conflict

    ws = session.open()
    found = ask(ws, id=quarantined)
    if target.exists():
        raise Conflict(f"{target} is there already", hint="name a new folder")
    trees.fetch(ws.blobs, found.tree, target.absolute())
    warning = "loading the object runs whatever its writer put into it"
    session.show(found, lambda: click.echo(f"{target}  ({warning})"))


def tell(found: QuarantinedModel) -> None:
    """Print what is in quarantine, and what can be done."""
    click.echo(f"{found.ref}  {found.state}  {found.model or 'for no model yet'}  {found.size:,} bytes")
    click.echo(f"  object  {found.listing.made or '?'}  ({found.file})")
    for key in ("reason", "run", "step", "note", "decision", "version"):
        if value := getattr(found, key):
            click.echo(f"  {key:<7} {value}")
    for name in found.listing.imports[:_SHOWN]:
        click.echo(f"  imports {name}{'  (not known)' if name in found.unknown else ''}")
    if len(found.listing.imports) > _SHOWN:
        click.echo(f"  imports … and {len(found.listing.imports) - _SHOWN} more; all: --json")
    if found.listing.unreadable:
        click.echo(f"  can't be read to its end: {found.listing.unreadable}")
    if found.conversion:
        done = found.conversion
        click.echo(
            f"  became  {done.flavor}, the largest difference on {done.rows} rows: {cell(done.difference)}"
        )
        click.echo(
            f"  without {', '.join(done.kept_from) or 'nothing but limits: the kernel allows no more'}"
        )
        for warning in done.warnings:
            click.echo(f"  warned  {warning}")
    click.echo(f"  next    {_next(found)}")


def _next(found: QuarantinedModel) -> str:
    if found.state == "converted":
        return f"meguru quarantine accept {found.id} --reason '…'   or   refuse"
    if found.state != "quarantined":
        return "nothing: it is decided"
    if found.unknown or found.listing.unreadable:
        return f"it can't be converted here; the bytes: meguru quarantine get {found.id} FOLDER"
    example = "" if found.has_example else " --example rows.csv"
    return f"meguru quarantine convert {found.id}{example}"
