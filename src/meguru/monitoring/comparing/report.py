"""A comparison of two tables as one HTML file, which needs nothing else and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from meguru.base.svg import picture, tag
from meguru.monitoring.comparing.tables import TableSide
from meguru.monitoring.comparing.types import ComparedValues, JointComparison, TableComparison
from meguru.monitoring.evidence import pictures
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import DistributionBin
from meguru.monitoring.report_page.document import document, number, table
from meguru.monitoring.shares import BinShare, column_shares

if TYPE_CHECKING:
    import polars as pl


def comparison_html(
    comparison: TableComparison,
    reference: pl.DataFrame | pl.LazyFrame,
    current: pl.DataFrame | pl.LazyFrame,
) -> str:
    """Return the report: what drifted, each column's numbers, and both distributions side by side."""
    drifted = comparison.drifted
    said = (
        f"{len(drifted)} of {len(comparison.columns)} columns drifted: {', '.join(drifted)}."
        if drifted
        else f"None of {len(comparison.columns)} columns drifted."
    )
    sides = TableSide(comparison.reference, reference), TableSide(comparison.current, current)
    rows = [_row(values, comparison.notes.get(values.column, ""), *sides) for values in comparison.columns]
    headings = ("column", "drifted", "test", "statistic", "p-value", "effect", "reference | current", "")
    title = f"{comparison.reference} and {comparison.current}"
    body = [
        tag("h1", None, title),
        tag("p", None, said),
        tag("p", {"class": "soft"}, _rows(comparison)),
        *_joint(comparison.joint),
        table(headings, rows, numbers=frozenset({3, 4, 5})),
    ]
    return document(title, body)


def _rows(comparison: TableComparison) -> str:
    return (
        f"{comparison.rows_reference:,} rows of {comparison.reference} (grey) and "
        f"{comparison.rows_current:,} of {comparison.current} (blue). A column drifted if chance alone "
        f"hardly makes such a difference (of those called so, {comparison.level:.0%} are wrong), and it is "
        "worth telling."
    )


def _joint(found: JointComparison | None) -> list[Markup]:
    if found is None:
        return []
    by = "".join(f" {name} ({lost:.3f})" for name, lost in found.telling.items())
    says = (
        f"All columns together, by {found.test}: {'drifted' if found.drifted else 'not drifted'}, statistic "
        f"{found.statistic:.4g}, p-value {found.p_value:.3g}, effect {found.effect:.4g}."
    )
    return [tag("p", None, f"{says} Told apart by:{by}." if by else says)]


def _row(values: ComparedValues, note: str, reference: TableSide, current: TableSide) -> Markup:
    there = values.column in reference.schema and values.column in current.schema
    shares = column_shares(reference.column(values.column), current.column(values.column)) if there else []
    cells = (
        tag("th", {"scope": "row"}, values.column),
        tag("td", {"class": "drifted"} if values.drifted else None, "drifted" if values.drifted else "–"),
        tag("td", None, values.test or "–"),
        *(number(each) for each in (values.statistic, values.p_value, values.effect)),
        tag("td", None, _drawn(values.column, shares) if shares else ""),
        tag("td", None, note),
    )
    return tag("tr", None, *cells)


def _drawn(column: str, shares: Sequence[BinShare]) -> Markup:
    bins = [DistributionBin(share.label, share.reference, share.current) for share in shares]
    label = f"shares of rows by {column}, in both tables"
    marks = pictures.distribution_marks(bins, EvidenceWords())
    return picture(pictures.WIDTH, pictures.HEIGHT, label, marks, "shares")
