"""`meguru data`, for folders of files of any kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from meguru.cli.arguments import DATASET, MODEL
from meguru.cli.groups import command as verb
from meguru.cli.progress import Bar
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.datasets.folders.client import AddedFolder
    from meguru.datasets.types import Format

_KINDS = 8


class FolderOptions(NamedTuple):
    """What was said of a folder that is added."""

    files: tuple[str, ...]
    format: Format | None
    label: Literal["folder"] | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    append: bool
    note: str

    def is_folder(self, *others: object) -> bool:
        """Tell whether a folder is meant; refuse what is said of tables then, and of folders else."""
        from meguru.datasets.folders.detect import is_folder

        found = is_folder(self.files, self.format)
        if found and any(others):
            hint = "leave them out; --label, --include, --exclude and --note are for folders"
            raise UsageError("files of a folder have no columns to read", hint=hint)
        if not found and (self.label or self.include or self.exclude):
            hint = "to keep a folder's files one by one, say --type files"
            raise UsageError("--label, --include and --exclude are for files of a folder", hint=hint)
        return found


def add_folder_of(session: Session, name: str, given: FolderOptions) -> None:
    """Add a folder, and say what was found in it."""
    from meguru.datasets.folders.client import add_folder
    from meguru.datasets.folders.locations import open_folder

    place = open_folder(given.files[0], include=given.include, exclude=given.exclude)
    ws = session.open(create=True)
    with Bar(quiet=session.as_json) as bar:
        made = add_folder(
            ws,
            name,
            place,
            append=given.append,
            label=given.label or "",
            note=given.note,
            progress=lambda done, total: bar.move(done, total, _progress(done, total)),
        )
    session.show(made.version, lambda: _tell(made, said=given.format is not None))


def _progress(done: int, total: int) -> str:
    return _("{done} of {total} files read").format(done=f"{done:,}", total=f"{total:,}")


def _tell(made: AddedFolder, *, said: bool) -> None:
    version = made.version
    click.echo(
        _("{ref}: {files} files, {bytes} bytes, {digest}").format(
            ref=version.ref,
            files=f"{version.files:,}",
            bytes=f"{version.bytes:,}",
            digest=version.digest[:12],
        )
    )
    if not said:
        click.echo("  " + _("a folder without tables: each file is kept as it is, and is a row"))
    known = made.files - made.read
    click.echo(
        "  "
        + _("{read} files read, {known} unchanged since they were; {bytes} new bytes").format(
            read=f"{made.read:,}", known=f"{known:,}", bytes=f"{made.new_bytes:,}"
        )
    )
    if made.left_out:
        click.echo("  " + _("{count} left out").format(count=f"{made.left_out:,}"))


@verb
@click.argument("ref", type=DATASET)
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), required=True, help="A folder, new or empty."
)
@click.option("--include", multiple=True, help="Only such files, as '*.jpg' or 'cats/*'.")
@click.option("--exclude", multiple=True, help="None of such files.")
@with_session
def get(
    session: Session, ref: str, *, folder: Path, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    """Write the files of a version (NAME, NAME@3) to a folder."""
    from meguru.datasets.folders.materialize import write_folder

    count = write_folder(session.open(), ref, folder, include=include, exclude=exclude)
    said = {"folder": str(folder), "files": count}
    session.show(
        said, lambda: click.echo(_("{folder}: {files} files").format(folder=folder, files=f"{count:,}"))
    )


@verb
@click.argument("ref", type=DATASET)
@click.option("--near", is_flag=True, help="Also images that look alike; of a table, texts that nearly are.")
@click.option("--distance", default=4, help="By how many bits of 64 hashes of images may differ.")
@click.option("--column", "columns", multiple=True, help="Of a table: what is compared; else all columns.")
@with_session
def duplicates(session: Session, ref: str, *, near: bool, distance: int, columns: tuple[str, ...]) -> None:
    """Show files of a folder's version, or rows of a table, that are the same."""
    from meguru.app.calls import dataset_show as show

    version = show(session.open(), ref=ref)
    if version.format == "files":
        if columns:
            raise UsageError("files have no columns to compare", hint="leave out --column")
        _same_files(session, version.ref, near=near, distance=distance)
    else:
        _same_rows(session, version.ref, columns, near=near)


def _same_files(session: Session, ref: str, *, near: bool, distance: int) -> None:
    from meguru.datasets.folders.duplicates import duplicates as find

    found = find(session.open(), ref, near=near, distance=distance)

    def human() -> None:
        for group in found.groups:
            click.echo("\n  ".join(group))
        counts = [len(group) - 1 for group in found.groups]
        told = _("{extra} of {files} files are like another one, in {groups} groups")
        click.echo(told.format(extra=sum(counts), files=f"{found.files:,}", groups=len(counts)), err=True)
        if found.plain:
            told = _("{count} images of one colour were not compared")
            click.echo(told.format(count=found.plain), err=True)

    session.show(found, human)


def _same_rows(session: Session, ref: str, columns: tuple[str, ...], *, near: bool) -> None:
    from meguru.datasets.duplicate_rows import duplicate_rows

    found = duplicate_rows(session.open(), ref, columns, near=near)

    def human() -> None:
        for group in found.groups:
            click.echo(", ".join(map(str, group)))
        told = _("{extra} of {rows} rows are like an earlier one")
        click.echo(told.format(extra=f"{found.extra:,}", rows=f"{found.rows:,}"), err=True)

    session.show(found, human)


@verb
@click.argument("ref", type=DATASET)
@click.argument("model", type=MODEL)
@with_session
def embed(session: Session, ref: str, model: str) -> None:
    """Keep the vectors that MODEL gives for the files of a version: diff compares them."""
    from meguru.app.embedding import embed as ask

    with Bar(quiet=session.as_json) as bar:
        found = ask(
            session.open(), ref, model, lambda some, all_: bar.move(some, all_, _progress(some, all_))
        )

    def human() -> None:
        if found is None:
            click.echo(_("nothing was kept: that needs the right to write"), err=True)
            return
        told = _("{ref}: {files} contents, {size} numbers each, by {by}")
        click.echo(told.format(ref=found.ref, files=f"{found.files:,}", size=found.dimensions, by=found.by))

    session.show(found, human)


COMMANDS = (get, duplicates, embed)
