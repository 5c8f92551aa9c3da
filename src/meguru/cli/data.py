"""`meguru data`."""

from __future__ import annotations

from typing import Literal

import click

from meguru.cli.arguments import DATASET
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell


@group
def command() -> None:
    """Datasets: immutable, numbered versions of files."""


@command.command()
@click.argument("name", type=DATASET)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--append", is_flag=True, help="Add the files to those of the newest version.")
@click.option("--evolve", is_flag=True, help="Accept a schema that differs from the newest version's.")
@click.option(
    "--format",
    type=click.Choice(["csv", "parquet", "json"]),
    default=None,
    help="What the files are, if their names don't say.",
)
@click.option("--event-time", default="", help="The column that says when a row happened.")
@click.option("--unique", multiple=True, help="A column that must not repeat (all given ones together).")
@click.option("--min-rows", default=0, help="Refuse fewer rows than this.")
@click.option("--note", default="", help="Why this version was made.")
@with_session
def add(
    session: Session,
    name: str,
    files: tuple[str, ...],
    *,
    append: bool,
    evolve: bool,
    format: Literal["csv", "parquet", "json"] | None,
    event_time: str,
    unique: tuple[str, ...],
    min_rows: int,
    note: str,
) -> None:
    """Register FILES (CSV, Parquet or JSON lines) as the next version of dataset NAME."""
    from meguru.datasets.client import add_files
    from meguru.datasets.types import Checks

    made = add_files(
        session.open(create=True),
        name,
        files,
        mode="append" if append else "replace",
        format=format,
        schema_policy="evolve" if evolve else "strict",
        event_time=event_time,
        checks=Checks(row_count_min=min_rows, unique=list(unique)) if min_rows or unique else None,
        note=note,
    )
    facts = (
        f"{made.ref}: {made.rows:,} rows, {len(made.columns)} columns, {made.files} files, {made.digest[:12]}"
    )
    session.show(made, lambda: click.echo(facts))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List datasets with their newest versions."""
    from meguru.app.calls import dataset_list as list_datasets

    page = list_datasets(session.open(), limit=1000)
    rows = [
        (d.latest.ref, d.latest.rows, d.latest.files, d.latest.digest[:12], d.latest.created_at)
        for d in page.items
    ]
    session.table(
        page,
        ("version", "rows", "files", "digest", "since"),
        rows,
        begin="meguru data add NAME FILE",
    )


@command.command()
@click.argument("ref", type=DATASET)
@with_session
def show(session: Session, ref: str) -> None:
    """Show one version: NAME, NAME@latest or NAME@3."""
    from meguru.app.calls import dataset_show as ask

    found = ask(session.open(), ref=ref)

    def human() -> None:
        click.echo(f"{found.ref}  {found.rows:,} rows  {found.files} files  {found.bytes:,} bytes")
        click.echo(f"digest {found.digest}  by {found.created_by} at {cell(found.created_at)}")
        for column in found.columns:
            click.echo(f"  {column.name:<24} {column.type}")

    session.show(found, human)


@command.command()
@click.argument("name", type=DATASET)
@with_session
def versions(session: Session, name: str) -> None:
    """List the versions of dataset NAME, newest first."""
    from meguru.app.calls import dataset_versions as ask

    found = ask(session.open(), name=name)
    rows = [(v.ref, v.rows, v.files, v.digest[:12], v.created_at, v.note) for v in found]
    session.table(found, ("version", "rows", "files", "digest", "since", "note"), rows)


@command.command()
@click.argument("before", type=DATASET)
@click.argument("after", type=DATASET)
@with_session
def diff(session: Session, before: str, after: str) -> None:
    """Compare two versions: schema, rows, files and drift."""
    from meguru.app.calls import dataset_diff as ask

    found = ask(session.open(), before=before, after=after)

    def human() -> None:
        click.echo(f"{found.before} -> {found.after}: {found.rows_before:,} -> {found.rows_after:,} rows")
        for change in found.schema:
            click.echo(f"  schema  {change}")
        for sign, paths in (("+", found.files_added), ("-", found.files_removed), ("~", found.files_changed)):
            for path in paths:
                click.echo(f"  {sign} {path}")
        for column in found.drift:
            click.echo(f"  PSI {column.psi:8.4f}  {column.column}{'  drifted' if column.drifted else ''}")

    session.show(found, human)
