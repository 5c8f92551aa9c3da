"""`meguru data`: names of versions, lines of them, and rows that go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.base import refs
from meguru.cli.arguments import DATASET
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.datasets.types import DatasetVersion


@verb
@click.argument("ref", type=DATASET)
@click.argument("tag", required=False)
@click.option("--move", is_flag=True, help="Also if another version has the tag.")
@with_session
def tag(session: Session, ref: str, tag: str | None, *, move: bool) -> None:
    """Tag a version (NAME@3), so that NAME@TAG means it; without TAG, list the tags of NAME."""
    from meguru.app.calls import dataset_tag, dataset_tags

    if tag is None:
        found = dataset_tags(session.open(), name=refs.parse(ref, kind="dataset").name)
        rows = [(each.tag, refs.make("dataset", each.name, each.version), each.created_at) for each in found]
        session.table(found, ("tag", "version", "since"), rows)
        return
    made = dataset_tag(session.open(), ref=ref, tag=tag, move=move)
    version = refs.make("dataset", made.name, made.version)
    session.show(made, lambda: click.echo(f"{version} is tagged {made.tag}"))


@verb
@click.argument("ref", type=DATASET)
@with_session
def untag(session: Session, ref: str) -> None:
    """Take a tag away (NAME@TAG); the version stays."""
    from meguru.app.calls import dataset_untag

    name, label = _behind(ref, "TAG")
    made = dataset_untag(session.open(), name=name, tag=label)
    version = refs.make("dataset", made.name, made.version)
    session.show(made, lambda: click.echo(f"{version} is tagged {made.tag} no more"))


@verb
@click.argument("ref", type=DATASET)
@click.option("--note", default="", help="Why.")
@with_session
def rollback(session: Session, ref: str, *, note: str) -> None:
    """Make what a version was (NAME@3) the newest version again; what came after it stays too."""
    from meguru.app.calls import dataset_rollback

    _show(session, dataset_rollback(session.open(), ref=ref, note=note))


@verb
@click.argument("ref", type=DATASET)
@click.argument("branch", required=False)
@click.option("--drop", is_flag=True, help="Take the branch away, and remove its versions.")
@with_session
def branch(session: Session, ref: str, branch: str | None, *, drop: bool) -> None:
    """Begin a line of versions for a trial at NAME (or NAME@3); without BRANCH, list those of NAME.

    Register on it with: meguru data add NAME@BRANCH FILE.
    """
    from meguru.app.calls import dataset_branch, dataset_branches, dataset_drop_branch

    ws = session.open()
    name = refs.parse(ref, kind="dataset").name
    if branch is None:
        found = dataset_branches(ws, name=name)
        rows = [(each.branch, each.latest, each.base, each.created_at, each.created_by) for each in found]
        session.table(found, ("branch", "newest", "began at", "since", "by"), rows)
        return
    if drop:
        gone = dataset_drop_branch(ws, name=name, branch=branch)
        session.show(gone, lambda: click.echo(f"dropped the branch {branch} of {name}"))
        return
    made = dataset_branch(ws, ref=ref, branch=branch)
    base = refs.make("dataset", made.name, made.base)
    session.show(made, lambda: click.echo(f"{made.name}@{made.branch} begins at {base}"))


@verb
@click.argument("ref", type=DATASET)
@click.option("--note", default="", help="Why.")
@with_session
def merge(session: Session, ref: str, *, note: str) -> None:
    """Take over what a branch (NAME@BRANCH) has as the newest version of NAME."""
    from meguru.app.calls import dataset_merge

    name, line = _behind(ref, "BRANCH")
    _show(session, dataset_merge(session.open(), name=name, branch=line, note=note))


@verb
@click.argument("ref", type=DATASET)
@click.option("--where", default="", help='Delete the rows for which this is true, as "price > 9".')
@click.option(
    "--keys", "files", multiple=True, type=click.Path(), help="Delete the rows whose keys stand in this file."
)
@click.option("--key", multiple=True, help="A column of the key, if none is known of the dataset.")
@click.option("--note", default="", help="Why.")
@with_session
def delete(
    session: Session, ref: str, *, where: str, files: tuple[str, ...], key: tuple[str, ...], note: str
) -> None:
    """Make a version of NAME (or NAME@BRANCH) without some rows; earlier versions keep them."""
    from meguru.app.calls import dataset_delete_rows
    from meguru.datasets.client import add_files

    if bool(where) == bool(files):
        raise UsageError("say which rows", hint="--where CONDITION or --keys FILE", field="where")
    ws = session.open()
    if files:
        _show(session, add_files(ws, ref, files, mode="delete", key=list(key) or None, note=note))
        return
    name, line = refs.parse(ref, kind="dataset")[1:]
    _show(session, dataset_delete_rows(ws, name=name, condition=where, branch=line or "", note=note))


@verb
@click.argument("name", type=DATASET)
@click.option("--plan", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_session
def prune(session: Session, name: str, *, plan: bool, yes: bool) -> None:
    """Remove the versions of NAME that its declaration (keep) does not keep; a server does it by itself."""
    from meguru.app.calls import dataset_prune

    ws = session.open()
    found = dataset_prune(ws, name=name, plan=True)
    if found.refs and not plan:
        if not yes:
            click.confirm(f"remove {len(found.refs):,} versions of {name}?", abort=True, err=True)
        found = dataset_prune(ws, name=name)

    def human() -> None:
        for ref in found.refs:
            click.echo(f"{'would remove' if plan else 'removed'} {ref}")
        click.echo(f"{len(found.refs):,} versions, {found.bytes:,} bytes at most")

    session.show(found, human)


@verb
@click.argument("ref", type=DATASET)
@click.option("--rebuild", is_flag=True, help="Remove the table, and make it anew.")
@with_session
def table(session: Session, ref: str, *, rebuild: bool) -> None:
    """Make a dataset a Delta Lake table, which DuckDB, Polars and Spark read, and say how.

    Its files are links to what is stored already; version 3 of the table is version 3 of the dataset.
    """
    from meguru.app.calls import dataset_table

    made = dataset_table(session.open(), ref=ref, rebuild=rebuild)

    def human() -> None:
        click.echo(f"{made.ref}: {made.uri}")
        click.echo(f"  polars  pl.scan_delta({made.uri!r}, version={made.version})")
        click.echo(f"  duckdb  {made.query}")
        click.echo(f"  spark   spark.read.format('delta').load({made.uri!r})")
        click.echo(f"  any SQL that reads Parquet:\n  {made.view}")
        if made.copied:
            click.echo(f"  {made.copied:,} bytes were copied: not all files could be links")

    session.show(made, human)


def _behind(ref: str, what: str) -> tuple[str, str]:
    parsed = refs.parse(ref, kind="dataset")
    if parsed.version is None:
        raise UsageError(f"{ref!r} names no {what.lower()}", hint=f"write NAME@{what}", field="ref")
    return parsed.name, parsed.version


def _show(session: Session, made: DatasetVersion) -> None:
    session.show(made, lambda: click.echo(f"{made.ref}: {made.rows:,} rows, {made.files} files"))


COMMANDS = (tag, untag, rollback, branch, merge, delete, prune, table)
"""What `meguru data` has beside what is in its own file."""
