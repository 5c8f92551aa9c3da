"""`meguru data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from meguru.cli.arguments import DATASET
from meguru.cli.data_check import check, checks, report, warnings_of
from meguru.cli.data_diff import diff
from meguru.cli.data_folder import COMMANDS, FolderOptions, add_folder_of
from meguru.cli.data_reading import columns_said, how_read, looks_personal, options_said, origins
from meguru.cli.data_removal import gc, rm
from meguru.cli.data_rows import COMMANDS as OF_ROWS
from meguru.cli.data_sources import pull, sources
from meguru.cli.data_versions import COMMANDS as OF_VERSIONS
from meguru.cli.groups import group
from meguru.cli.progress import file_progress
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.datasets.types import DataFile, DatasetVersion, Format, Mode
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace


@group
def command() -> None:
    """Datasets: immutable, numbered versions of files."""


for _each in (check, checks, report, diff, rm, gc, *COMMANDS, *OF_ROWS, *OF_VERSIONS):
    command.add_command(_each)


@command.command()
@click.argument("name", type=DATASET)
@click.argument("files", nargs=-1, required=True)
@click.option("--append", is_flag=True, help="Add the files to those of the newest version.")
@click.option("--upsert", is_flag=True, help="Put the rows in place of those with the same key, or add them.")
@click.option("--sync", is_flag=True, help="Have just these rows, told by the key; write what differs.")
@click.option("--evolve", is_flag=True, help="Accept a schema that differs from the newest version's.")
@click.option(
    "--format",
    type=click.Choice(["csv", "parquet", "json", "arrow", "avro", "excel", "spss", "sas", "stata", "files"]),
    default=None,
    help="What the files are, if their names don't say.",
)
@click.option("--event-time", "--time", default="", help="The column that says when a row happened.")
@click.option("--key", multiple=True, help="A column that tells a row from others (all given ones together).")
@click.option("--type", "types", multiple=True, help="What a column holds: zip=text; files: keep each file.")
@click.option("--delimiter", default=None, help="What separates fields; else it is found.")
@click.option("--encoding", default=None, help="As utf-8, cp932, utf-16; else UTF-8 is expected.")
@click.option("--quote", default=None, help="What surrounds fields; '' when nothing does.")
@click.option("--decimal", type=click.Choice([".", ","]), default=None, help="What stands before decimals.")
@click.option("--null", "nulls", multiple=True, help="What means a missing value, beside an empty field.")
@click.option("--sheet", default="", help="Which sheet of a file is read: its name or number.")
@click.option("--tag", "tags", multiple=True, help="What a column is: email=pii.")
@click.option(
    "--treat", "treats", multiple=True, help="How a column is treated first: email=hash, mask, drop, encrypt."
)
@click.option("--query", default="", help="What is read from a database, instead of a table.")
@click.option("--unique", multiple=True, help="A column that must not repeat (all given ones together).")
@click.option("--min-rows", default=0, help="Refuse fewer rows than this.")
@click.option(
    "--label", type=click.Choice(["folder"]), default=None, help="Of a folder's files: a label each."
)
@click.option("--include", multiple=True, help="Of a folder's files: only such, as '*.jpg'.")
@click.option("--exclude", multiple=True, help="Of a folder's files: none of such.")
@click.option("--note", default="", help="Why this version was made.")
@with_session
def add(
    session: Session,
    name: str,
    files: tuple[str, ...],
    *,
    append: bool,
    upsert: bool,
    sync: bool,
    evolve: bool,
    format: Format | None,
    label: Literal["folder"] | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    event_time: str,
    key: tuple[str, ...],
    query: str,
    unique: tuple[str, ...],
    min_rows: int,
    note: str,
    **reading: Any,
) -> None:
    """Register FILES as the next version of dataset NAME.

    NAME@BRANCH is a branch of it. FILES are CSV, TSV, Parquet, JSON, JSON lines, Arrow, Avro, Excel, SPSS,
    SAS or Stata; folders; or addresses: https://…, s3://…, sqlite:///shop.db#orders,
    postgresql://user@host/db#orders. A folder of images, sounds or documents is kept file by file.
    """
    from meguru.app.calls import dataset_files
    from meguru.datasets.client import add_files
    from meguru.datasets.types import Checks

    if "files" in reading["types"]:
        format, reading["types"] = "files", tuple(each for each in reading["types"] if each != "files")
    columns = columns_said(reading.pop("tags"), reading.pop("treats"))
    said = options_said(**reading)
    ws = session.open(create=True)
    given = FolderOptions(files, format, label, include, exclude, append=append, note=note)
    if given.is_folder(said, event_time, key, query):
        add_folder_of(session, name, given)
        return
    with file_progress(session) as meter:
        made = add_files(
            ws,
            name,
            files,
            mode=_mode(append=append, upsert=upsert, sync=sync),
            format=format,
            schema_policy="evolve" if evolve else "strict",
            event_time=event_time,
            checks=Checks(row_count_min=min_rows, unique=list(unique)) if min_rows or unique else None,
            key=list(key) or None,
            read=said,
            columns=columns,
            query=query,
            note=note,
            meter=meter,
        )
    told = [*warnings_of(ws, made), *_people_in(ws, made.ref)]
    _tell_added(session, made, dataset_files(ws, ref=made.ref), told)


def _tell_added(session: Session, made: DatasetVersion, files: list[DataFile], warnings: list[str]) -> None:
    def human() -> None:
        facts = f"{made.rows:,} rows, {len(made.columns)} columns, {made.files} files, {made.digest[:12]}"
        click.echo(f"{made.ref}: {facts}")
        for line in [*how_read(made, files), *warnings]:
            click.echo(f"  {line}")

    session.show(made, human)


def _mode(**said: bool) -> Mode:
    ways: tuple[Mode, ...] = ("append", "upsert", "sync")
    modes = [mode for mode in ways if said[mode]]
    if len(modes) > 1:
        raise UsageError("rows come in one way", hint=f"say --{modes[0]} or --{modes[1]}", field=modes[0])
    return modes[0] if modes else "replace"


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
    import msgspec

    from meguru.app.calls import dataset_files
    from meguru.app.calls import dataset_position as position_of
    from meguru.app.calls import dataset_show as ask

    ws = session.open()
    found = ask(ws, ref=ref)
    position = position_of(ws, ref=found.ref).position

    def human() -> None:
        click.echo(f"{found.ref}  {found.rows:,} rows  {found.files} files  {found.bytes:,} bytes")
        click.echo(f"digest {found.digest}  by {found.created_by} at {cell(found.created_at)}")
        for column in found.columns:
            click.echo(f"  {column.name:<24} {column.type}")
        for line in origins(dataset_files(ws, ref=ref)):
            click.echo(f"  {line}")
        if position is not None:
            click.echo(f"its source was read as far as {position}")

    session.show(msgspec.to_builtins(found) | {"position": msgspec.to_builtins(position)}, human)


@command.command()
@click.argument("name", type=DATASET)
@click.option("--branch", default="", help="Those that were made on this branch.")
@with_session
def versions(session: Session, name: str, *, branch: str) -> None:
    """List the versions of dataset NAME, newest first."""
    from meguru.app.calls import dataset_tags
    from meguru.app.calls import dataset_versions as ask

    ws = session.open()
    found = ask(ws, name=name, branch=branch)
    tags: dict[int, list[str]] = {}
    for dataset_tag in dataset_tags(ws, name=name):
        tags.setdefault(dataset_tag.version, []).append(dataset_tag.tag)
    rows = [
        (v.ref, v.rows, v.files, v.digest[:12], v.created_at, ", ".join(tags.get(v.version, [])), v.note)
        for v in found
    ]
    session.table(found, ("version", "rows", "files", "digest", "since", "tags", "note"), rows)


command.add_command(pull)
command.add_command(sources)


def _people_in(ws: Workspace | RemoteWorkspace, ref: str) -> list[str]:
    """Propose tags for columns that look personal; tell that rows of people came back who were erased."""
    from meguru.app.calls import dataset_personal, dataset_returned

    said, found = list(looks_personal(dataset_personal(ws, ref=ref))), dataset_returned(ws, ref=ref)
    if found.rows:
        by = ", ".join(found.columns)
        hint = "erase them again, or see [retention]"
        said.append(f"{found.rows:,} rows are of people who were erased ({by}): {hint}")
    return said
