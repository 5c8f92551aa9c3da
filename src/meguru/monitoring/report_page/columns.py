"""What each column looks like, and what the checks say."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.base.text import mark
from meguru.monitoring.evidence import pictures
from meguru.monitoring.evidence.gather import by_gravity
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import ColumnEvidence, ReportEvidence
from meguru.monitoring.report_page.document import and_more, bullets, number, table
from meguru.monitoring.types import Finding, Severity

GROUPS: Sequence[tuple[str, frozenset[Severity]]] = (
    (mark("Data quality"), frozenset({Severity.DATA_BREAK})),
    (
        mark("Predictions and outcomes"),
        frozenset({Severity.PERFORMANCE_DROP, Severity.ESTIMATED_DROP, Severity.MISCALIBRATED})
        | {Severity.SHADOW_BETTER, Severity.PREDICTION_DRIFT},
    ),
    (mark("Fairness"), frozenset({Severity.UNFAIR})),
    (
        mark("Business, service and cost"),
        frozenset({Severity.BUSINESS_MISS, Severity.SERVICE_TROUBLE, Severity.COST_RISE}),
    ),
    (mark("Drift of inputs"), frozenset({Severity.INPUT_DRIFT})),
)
FINDING = (mark("check"), mark("column"), mark("statistic"), mark("threshold"), mark("what it says"))
COLUMN = (mark("column"), mark("then and now"), mark("missing then"), mark("missing now"))
MAX_FINDINGS = 100
"""So many findings of a group are shown: those beyond their thresholds first."""


def findings(found: Sequence[Finding], words: EvidenceWords) -> list[Markup]:
    """Return what each check found, by what it is about: what rang, and folded what did not."""
    made: list[Markup] = []
    headings = list(map(words.text, FINDING))
    for name, severities in GROUPS:
        mine = [finding for finding in by_gravity(found) if finding.severity in severities]
        if mine:
            rang = [finding for finding in mine if finding.breached]
            calm = [finding for finding in mine if not finding.breached]
            made.append(tag("h2", None, words.text(name)))
            if rang:
                made += _table(headings, rang, words)
            if calm:
                folded = words.text("{count} within their thresholds", count=len(calm))
                made.append(
                    tag("details", None, tag("summary", None, folded), *_table(headings, calm, words))
                )
    return made


def _table(headings: Sequence[str], found: Sequence[Finding], words: EvidenceWords) -> list[Markup]:
    """Return the first findings, and how many more there are."""
    rows = [_finding(finding, words) for finding in found[:MAX_FINDINGS]]
    return [table(headings, rows, numbers=frozenset({2, 3})), *and_more(len(found) - MAX_FINDINGS, words)]


def _finding(finding: Finding, words: EvidenceWords) -> Markup:
    about = " · ".join(part for part in (finding.column, finding.slice) if part)
    return tag(
        "tr",
        None,
        tag("th", {"scope": "row", "class": "bad" if finding.breached else None}, finding.check),
        tag("td", None, about or "–"),
        number(finding.statistic),
        number(finding.threshold),
        tag("td", None, words.spoken(finding.says)),
    )


def distributions(evidence: ReportEvidence, words: EvidenceWords) -> list[Markup]:
    """Return the distribution of each column, then and now."""
    if not evidence.columns:
        return []
    key = words.text("Grey: {then}; blue: this window.", then=words.text(evidence.compared_with))
    headings = [*map(words.text, COLUMN), ""]
    rows = [_column(column, words) for column in evidence.columns]
    made = [
        tag("h2", None, words.text("Columns")),
        tag("p", {"class": "soft"}, key),
        table(headings, rows, numbers=frozenset({2, 3})),
    ]
    return [*made, *and_more(evidence.left_out, words)]


def _column(evidence: ColumnEvidence, words: EvidenceWords) -> Markup:
    return tag(
        "tr",
        None,
        tag("th", {"scope": "row", "class": "drifted" if evidence.rang else None}, evidence.column),
        tag("td", None, pictures.distribution(evidence, words) if evidence.bins else "–"),
        tag("td", {"class": "number"}, f"{evidence.missing_then:.1%}"),
        tag("td", {"class": "number"}, f"{evidence.missing_now:.1%}"),
        tag("td", None, bullets([words.spoken(said) for said in evidence.findings[:2]])),
    )
