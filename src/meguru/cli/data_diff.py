"""`meguru data diff`: two versions are compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import DATASET
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell, exact

if TYPE_CHECKING:
    from meguru.datasets.differences import ChangedRow, RowChanges

_COLUMNS = 12
_ROWS = 10


@verb
@click.argument("before", type=DATASET)
@click.argument("after", type=DATASET)
@click.option("--key", multiple=True, help="A column that tells a row (all given together); '' for none.")
@click.option("--rows/--no-rows", default=True, help="Compare each row.")
@with_session
def diff(session: Session, before: str, after: str, *, key: tuple[str, ...], rows: bool) -> None:
    """Compare two versions: schema, files, rows with their old and new values, and drift."""
    from meguru.app.calls import dataset_diff as ask

    columns = [each for each in key if each] if key else None
    found = ask(session.open(), before=before, after=after, rows=rows, key=columns)

    def human() -> None:
        click.echo(f"{found.before} -> {found.after}: {found.rows_before:,} -> {found.rows_after:,} rows")
        for change in found.schema:
            click.echo(f"  schema  {change}")
        for sign, paths in (("+", found.files_added), ("-", found.files_removed), ("~", found.files_changed)):
            for path in paths:
                click.echo(f"  {sign} {path}")
        for moved in found.files_renamed:
            click.echo(f"  > {moved.before} -> {moved.after}")
        for line in _row_lines(found.rows) if found.rows else ():
            click.echo(f"  {line}")
        for column in found.drift:
            click.echo(f"  PSI {column.psi:8.4f}  {column.column}{'  drifted' if column.drifted else ''}")
        for vector in found.vectors:
            drifted = "  drifted" if vector.drifted else ""
            click.echo(f"  vectors {vector.distance:.4f}  {vector.by}, p {vector.p_value:.3f}{drifted}")

    session.show(found, human)


def _row_lines(rows: RowChanges) -> Iterator[str]:
    by = f"by {', '.join(rows.key)}" if rows.key else "by all their values"
    yield f"rows    {rows.added:,} added, {rows.removed:,} removed, {rows.changed:,} changed ({by})"
    for column, count in rows.columns.items():
        yield f"        {column}: {count:,} values"
    for row in rows.sample[:_ROWS]:
        yield "  ".join(filter(None, ("  " + _sign(row), _pairs(row.key), _values(row))))


def _sign(row: ChangedRow) -> str:
    return "~" if row.before and row.after else "+" if row.after else "-"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={cell(exact(value))}" for name, value in list(values.items())[:_COLUMNS])


def _values(row: ChangedRow) -> str:
    if not (row.before and row.after):
        return _pairs(row.after or row.before)
    moved = [
        f"{name}: {cell(exact(old))} -> {cell(exact(row.after.get(name)))}"
        for name, old in row.before.items()
    ]
    return ", ".join(moved[:_COLUMNS])
