"""`meguru monitor compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    import polars as pl


@click.command()
@click.argument("reference")
@click.argument("current")
@click.option(
    "--test",
    default="",
    help="One test for all columns it suits: ks, wasserstein, jensen_shannon, psi, chi_square. "
    "Default: ks for numbers, chi_square for the rest.",
)
@click.option(
    "--level",
    default=0.01,
    show_default=True,
    help="Of the columns that are called drifted, such a share is wrong.",
)
@click.option(
    "--floor", type=float, help="Effects up to this are not worth telling. Default: each test's own."
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report to this file.")
@with_session
def compare(
    session: Session,
    reference: str,
    current: str,
    test: str,
    level: float,
    floor: float | None,
    html: Path | None,
) -> None:
    """Compare two tables column by column: files, or versions of datasets (flights@3)."""
    from meguru.monitoring.comparing import compare_tables

    before, after = _table(session, reference), _table(session, current)
    names = reference, current
    found = compare_tables(before, after, names=names, test=test, level=level, floor=floor)
    if html is not None:
        from meguru.monitoring.comparison_report import comparison_html

        html.write_text(comparison_html(found, before, after), "utf-8")
    rows = [
        (each.column, each.test, each.statistic, each.p_value, each.effect, _yes(each.drifted), each.says)
        for each in found.columns
    ]
    session.table(found, ("column", "test", "statistic", "p-value", "effect", "drifted", ""), rows)


def _yes(drifted: bool) -> str:  # noqa: FBT001 - a cell
    return "yes" if drifted else ""


def _table(session: Session, place: str) -> pl.DataFrame:
    """Read a file, or a version of a dataset."""
    from meguru.datasets.client import frame
    from meguru.errors import NotFound

    path = Path(place)
    if path.is_file():
        return _file(path)
    if path.suffix and "@" not in place:
        hint = "name a file, or a version of a dataset: flights@3"
        raise NotFound(f"there is no file {place!r}", where=place, hint=hint)
    return frame(session.open(), place)


def _file(path: Path) -> pl.DataFrame:
    """Read a file as one that is added to a dataset is read."""
    from tempfile import TemporaryDirectory

    import polars as pl

    from meguru.datasets.ingest.convert import convert
    from meguru.datasets.paths import format_of
    from meguru.datasets.types import ReadOptions

    with TemporaryDirectory(prefix="meguru-compare-") as folder:
        made = Path(folder) / "rows.parquet"
        found = convert(path, format_of(path.name, field="file"), path.name, ReadOptions(), made)
        return pl.read_parquet(path if found.taken else made, memory_map=False)
