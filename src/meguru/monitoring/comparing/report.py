"""A comparison of two tables as one HTML file, which needs nothing else and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from meguru.base.svg import picture, tag
from meguru.monitoring.comparing.tables import TableSide
from meguru.monitoring.comparing.types import ComparedValues, JointComparison, TableComparison
from meguru.monitoring.shares import BinShare, column_shares

if TYPE_CHECKING:
    import polars as pl

_WIDTH, _HEIGHT, _GAP = 260.0, 72.0, 2.0
_STYLE = """
:root { color-scheme: light dark; --then: #8a94a6; --now: #2f6fde; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .4rem .6rem; text-align: left; vertical-align: middle; }
td.number { font-variant-numeric: tabular-nums; text-align: right; }
.drifted { color: var(--bad); font-weight: 600; }
svg { display: block; height: 4.5rem; width: 16rem; }
.then { fill: var(--then); } .now { fill: var(--now); }
.wide { overflow-x: auto; }
"""


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
    rows = Markup("").join(
        _row(each, comparison.notes.get(each.column, ""), *sides) for each in comparison.columns
    )
    title = f"{comparison.reference} and {comparison.current}"
    headings = ("column", "drifted", "test", "statistic", "p-value", "effect", "reference | current", "")
    head = Markup("").join(tag("th", {"scope": "col"}, each) for each in headings)
    body = Markup("").join(
        (
            tag("h1", None, title),
            tag("p", None, said),
            tag("p", None, _rows(comparison)),
            *_joint(comparison.joint),
            tag(
                "div", {"class": "wide"}, tag("table", None, tag("thead", None, tag("tr", None, head)), rows)
            ),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


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
        *(_number(each) for each in (values.statistic, values.p_value, values.effect)),
        tag("td", None, _bars(values.column, shares) if shares else ""),
        tag("td", None, note),
    )
    return tag("tr", None, *cells)


def _number(value: float | None) -> Markup:
    return tag("td", {"class": "number"}, "–" if value is None else f"{value:.4g}")


def _bars(column: str, shares: Sequence[BinShare]) -> Markup:
    """Draw two bars a bin, grey for the reference and blue for now, as high as their share."""
    most = max(max(each.reference, each.current) for each in shares) or 1.0
    room = _WIDTH / len(shares)
    wide = max(0.5, (room - _GAP) / 2)
    marks = []
    for number, each in enumerate(shares):
        tip = tag("title", None, f"{each.label}: {each.reference:.1%} then, {each.current:.1%} now")
        for kind, share, left in (("then", each.reference, 0.0), ("now", each.current, wide)):
            high = _HEIGHT * share / most
            box = {
                "x": number * room + left,
                "y": _HEIGHT - high,
                "width": wide,
                "height": high,
                "class": kind,
            }
            marks.append(tag("rect", box, tip))
    return picture(_WIDTH, _HEIGHT, f"shares of rows by {column}, in both tables", marks)
