"""`meguru monitor compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    import polars as pl

    from meguru.monitoring.comparing.types import TableComparison


@verb
@click.argument("reference")
@click.argument("current")
@click.option(
    "--test",
    default="",
    help="One test for all columns it suits: ks, wasserstein, jensen_shannon, psi, chi_square, mmd, energy, "
    "domain_classifier. Default: ks for numbers, mmd for texts and vectors, chi_square for the rest.",
)
@click.option(
    "--joint",
    default="",
    help="A test of all columns together besides: mmd, energy, domain_classifier (which names the columns "
    "that tell).",
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
@click.option(
    "--exit-code", is_flag=True, help="Exit with 1 if a column drifted, for scripts; 0 if none did."
)
@with_session
def compare(
    session: Session,
    reference: str,
    current: str,
    test: str,
    joint: str,
    level: float,
    floor: float | None,
    html: Path | None,
    exit_code: bool,  # noqa: FBT001
) -> None:
    """Compare two tables column by column: files, or versions of datasets (flights@3)."""
    from tempfile import TemporaryDirectory

    from meguru.monitoring.comparing.compare import compare_tables

    with TemporaryDirectory(prefix="meguru-compare-") as folder:
        before, after = (
            _table(session, place, Path(folder) / side)
            for place, side in ((reference, "reference.parquet"), (current, "current.parquet"))
        )
        names = reference, current
        found = compare_tables(before, after, names=names, test=test, level=level, floor=floor, joint=joint)
        if html is not None:
            from meguru.monitoring.comparing.report import comparison_html

            write_file(html, comparison_html(found, before, after))
    _show(session, found)
    if exit_code and (found.drifted or (found.joint and found.joint.drifted)):
        raise SystemExit(1)


def _show(session: Session, found: TableComparison) -> None:
    rows = [
        (
            values.column,
            values.test,
            values.statistic,
            values.p_value,
            values.effect,
            "yes" if values.drifted else "",
            found.notes.get(values.column, ""),
        )
        for values in found.columns
    ]
    if found.joint is not None:
        all_, told = found.joint, ", ".join(found.joint.telling)
        rows.append(
            ("*", all_.test, all_.statistic, all_.p_value, all_.effect, "yes" if all_.drifted else "", told)
        )
    session.table(found, ("column", "test", "statistic", "p-value", "effect", "drifted", ""), rows)
    if "*" in found.notes:
        session.note(found.notes["*"])


def _table(session: Session, place: str, made: Path) -> pl.DataFrame | pl.LazyFrame:
    """Scan a file, or read a version of a dataset."""
    from meguru.datasets.client import frame
    from meguru.errors import InvalidInput, NotFound

    path = Path(place)
    if path.is_file():
        return _file(path, made)
    if path.is_dir():
        hint = "name one file of it, or add it as a dataset and compare versions"
        raise InvalidInput(f"{place!r} is a folder", where=place, hint=hint)
    if path.suffix and "@" not in place:
        hint = "name a file, or a version of a dataset: flights@3"
        raise NotFound(f"there is no file {place!r}", where=place, hint=hint)
    return frame(session.open(), place)


def _file(path: Path, made: Path) -> pl.LazyFrame:
    """Scan a file as one that is added to a dataset is read."""
    import polars as pl

    from meguru.datasets.ingest.convert import convert
    from meguru.datasets.paths import format_of
    from meguru.datasets.types import ReadOptions
    from meguru.errors import InvalidInput

    if not path.stat().st_size:
        raise InvalidInput(f"{path} is empty", where=str(path), hint="name a file with a header and rows")
    found = convert(path, format_of(path.name, field="file"), path.name, ReadOptions(), made)
    return pl.scan_parquet(path if found.taken else made)
