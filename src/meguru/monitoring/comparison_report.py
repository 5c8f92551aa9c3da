"""A comparison of two tables as one HTML file, which needs nothing else and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from meguru.base.svg import picture, tag
from meguru.monitoring.comparing import ComparedValues, TableComparison
from meguru.monitoring.evidence import pictures
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import DistributionBin
from meguru.monitoring.report_page.document import document, number, table
from meguru.monitoring.shares import BinShare, column_shares

if TYPE_CHECKING:
    import polars as pl


def comparison_html(comparison: TableComparison, reference: pl.DataFrame, current: pl.DataFrame) -> str:
    """Return the report: what drifted, each column's numbers, and both distributions side by side."""
    drifted = comparison.drifted
    said = (
        f"{len(drifted)} of {len(comparison.columns)} columns drifted: {', '.join(drifted)}."
        if drifted
        else f"None of {len(comparison.columns)} columns drifted."
    )
    rows = [_row(each, reference, current) for each in comparison.columns]
    title = f"{comparison.reference} and {comparison.current}"
    headings = ("column", "drifted", "test", "statistic", "p-value", "effect", "reference | current", "")
    body = [
        tag("h1", None, title),
        tag("p", None, said),
        tag("p", {"class": "soft"}, _rows(comparison)),
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


def _row(values: ComparedValues, reference: pl.DataFrame, current: pl.DataFrame) -> Markup:
    there = values.column in reference.columns and values.column in current.columns
    shares = column_shares(reference[values.column], current[values.column]) if there else []
    cells = (
        tag("th", {"scope": "row"}, values.column),
        tag("td", {"class": "drifted"} if values.drifted else None, "drifted" if values.drifted else "–"),
        tag("td", None, values.test or "–"),
        *(number(each) for each in (values.statistic, values.p_value)),
        number(values.effect if values.test else None),
        tag("td", None, _drawn(values, shares) if shares else ""),
        tag("td", None, values.says),
    )
    return tag("tr", None, *cells)


def _drawn(values: ComparedValues, shares: Sequence[BinShare]) -> Markup:
    bins = [DistributionBin(each.label, each.reference, each.current) for each in shares]
    if values.nulls_reference or values.nulls_current:
        bins.append(DistributionBin("missing", values.nulls_reference, values.nulls_current))
    words = EvidenceWords()
    label = f"shares of rows by {values.column}, in both tables"
    return picture(pictures.WIDTH, pictures.HEIGHT, label, pictures.distribution_marks(bins, words), "shares")
