"""The rows of datasets: the first ones, what a query answers, and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from meguru.cli.arguments import DATASET
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import exact

if TYPE_CHECKING:
    import polars as pl

_CLEAR = "What personal columns are needed in clear for; it is written down."


@verb
@click.argument("ref", type=DATASET)
@click.option("-n", "--rows", default=10, help="How many rows, 1,000 at most.")
@click.option("--clear", default="", metavar="REASON", help=_CLEAR)
@with_session
def head(session: Session, ref: str, *, rows: int, clear: str) -> None:
    """Show the first rows of a version; personal columns are masked."""
    if clear:
        from meguru.datasets.client import version_of
        from meguru.datasets.frames import scan_of

        ws = session.open()
        _show(session, scan_of(ws.blobs, version_of(ws, ref, clear)).head(rows), rows)
        return
    from meguru.app.calls import dataset_head as ask

    found = ask(session.open(), ref=ref, rows=rows)
    session.table(
        found, tuple(column.name for column in found.columns), [tuple(map(exact, row)) for row in found.rows]
    )


@verb
@click.argument("query")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Write the answer to this file.")
@click.option("--limit", default=1000, help="So many rows are shown at most.")
@click.option("--engine", type=click.Choice(["polars", "duckdb"]), default="polars", help="What answers it.")
@click.option("--clear", default="", metavar="REASON", help=_CLEAR)
@with_session
def sql(
    session: Session,
    query: str,
    *,
    out: Path | None,
    limit: int,
    engine: Literal["polars", "duckdb"],
    clear: str,
) -> None:
    """Answer a SELECT over datasets: tables by their name, "flights@3" for one version."""
    from meguru.datasets.query import select, write

    plan = select(session.open(), query, engine=engine, clear=clear)
    if out is not None:
        _written(session, out, write(plan, out))
        return
    _show(session, plan, limit)


@verb
@click.argument("ref", type=DATASET)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--no-formulas", is_flag=True, help="In CSV, let no spreadsheet take a text for a formula.")
@click.option("--clear", default="", metavar="REASON", help=_CLEAR)
@with_session
def export(session: Session, ref: str, file: Path, *, no_formulas: bool, clear: str) -> None:
    """Write the rows of a version to FILE: CSV, TSV, Parquet, JSON, Arrow or Avro by its name."""
    from meguru.datasets.client import version_of
    from meguru.datasets.frames import scan_of
    from meguru.datasets.query import without_formulas, write

    ws = session.open()
    rows = scan_of(ws.blobs, version_of(ws, ref, clear))
    _written(session, file, write(without_formulas(rows) if no_formulas else rows, file))


def _show(session: Session, plan: pl.LazyFrame, limit: int) -> None:
    from meguru.datasets.frames import plain_value
    from meguru.datasets.query import collect

    found, total = collect(plan, most=limit)
    rows = [tuple(plain_value(value) for value in row) for row in found.iter_rows()]
    answer = {"columns": found.columns, "rows": rows, "total": total}
    session.table(answer, tuple(found.columns), [tuple(map(exact, row)) for row in rows])


def _written(session: Session, file: Path, rows: int) -> None:
    session.show({"file": str(file), "rows": rows}, lambda: click.echo(f"{file}: {rows:,} rows"))


COMMANDS = (head, sql, export)
