"""A report on quality as one HTML file, which needs nothing else and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from meguru.base.svg import picture, tag
from meguru.base.text import translate
from meguru.datasets.quality.types import ColumnQuality, QualityReport

WIDTH, HEIGHT, BARS, TOP = 240.0, 56.0, 32, 8
_STYLE = """
:root { color-scheme: light dark; --bar: #2f6fde; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .4rem .6rem; text-align: left; vertical-align: middle; }
.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; }
svg { display: block; height: 3.5rem; width: 15rem; } rect { fill: var(--bar); }
.wide { overflow-x: auto; } small { opacity: .75; }
"""


def quality_html(report: QualityReport, language: str = "en") -> str:
    """Return the report: what to look at, then each column with its numbers and the shape of its values."""

    def text(message: str, **values: object) -> str:
        return translate(message, language).format(**values)

    heads = ("column", "type", "missing", "different values", "outliers", "PSI", "values")
    head = Markup("").join(tag("th", {"scope": "col"}, text(each)) for each in heads)
    rows = Markup("").join(
        _row(column, report.rows, text("The values of {column}", column=column.name))
        for column in report.columns
    )
    table = tag("table", None, tag("thead", None, tag("tr", None, head)), tag("tbody", None, rows))
    before = text("compared with {ref}", ref=report.before) if report.before else ""
    facts = f"{report.rows:,} {text('rows')} · {len(report.columns)} {text('columns')}" + (
        f" · {before}" if before else ""
    )
    findings = [tag("li", None, finding.says) for finding in report.findings]
    listed = tag("ul", None, *findings) if findings else tag("p", None, text("Nothing stands out."))
    body = Markup("").join(
        (
            tag("h1", None, report.ref),
            tag("p", None, facts),
            tag("h2", None, text("What to look at")),
            listed,
            tag("h2", None, text("Columns")),
            tag("div", {"class": "wide"}, table),
        )
    )
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.ref)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _row(column: ColumnQuality, rows: int, label: str) -> Markup:
    share = f"{column.missing / rows:.1%}" if rows else "–"
    psi = "–" if column.psi is None else f"{column.psi:.3f}"
    heights, names = _heights(column.profile)
    return tag(
        "tr",
        None,
        tag("th", {"scope": "row"}, column.name),
        tag("td", None, column.type),
        tag("td", {"class": "number"}, share),
        tag("td", {"class": "number"}, _count(column.distinct)),
        tag("td", {"class": "number"}, _count(column.outliers)),
        tag("td", {"class": "number bad" if column.drifted else "number"}, psi),
        tag(
            "td",
            None,
            _bars(heights, names, label) if heights else "",
            tag("small", None, _spread(column.profile)),
        ),
    )


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _heights(profile: Mapping[str, Any]) -> tuple[list[float], list[str]]:
    """Return the bars of a column, and what each stands for."""
    if profile.get("kind") in {"numeric", "time"}:
        inner = list(profile["counts"])
        inner = inner[1:-1] if profile["kind"] == "numeric" else inner
        size = max(1, -(-len(inner) // BARS))
        grouped = [float(sum(inner[at : at + size])) for at in range(0, len(inner), size)]
        return (grouped if any(grouped) else []), [""] * len(grouped)
    top = profile.get("top", [])[:BARS]
    return [float(count) for _, count in top], [str(name)[:60] for name, _ in top]


def _bars(heights: Sequence[float], names: Sequence[str], label: str) -> Markup:
    most, step = max(heights) or 1.0, WIDTH / max(len(heights), 4)
    marks = []
    for at, (value, name) in enumerate(zip(heights, names, strict=True)):
        high = max(1.0, HEIGHT * value / most) if value else 0.0
        box = {"x": at * step, "y": HEIGHT - high, "width": step * 0.85, "height": high}
        marks.append(tag("rect", box, tag("title", None, f"{name} {value:,.0f}".strip())))
    return picture(WIDTH, HEIGHT, label, marks)


def _spread(profile: Mapping[str, Any]) -> str:
    if profile.get("kind") in {"numeric", "time"} and profile["quantiles"]:
        ends = (profile["minimum"], profile["quantiles"][3], profile["maximum"])
        return " … ".join(f"{end:g}" if isinstance(end, float) else str(end) for end in ends)
    return ", ".join(str(name)[:30] for name, _ in profile.get("top", [])[:TOP])
