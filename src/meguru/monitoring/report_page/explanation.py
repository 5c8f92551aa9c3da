"""What a window comes to, why, and what it is not."""

from __future__ import annotations

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.monitoring.evidence import pictures
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import CauseExplanation, ReportEvidence, TroubleCause
from meguru.monitoring.report_page.document import bullets, paragraphs, table
from meguru.monitoring.types import Report


def verdict(report: Report, words: EvidenceWords) -> list[Markup]:
    """Return the verdict with its reasons, and what could not be judged."""
    made = [tag("h2", None, words.text("What it comes to")), paragraphs(map(words.spoken, report.reasons))]
    open_points = [each for each in (*report.partial, *report.notes) if each not in report.reasons]
    return [*made, paragraphs(map(words.spoken, open_points), "soft")]


def causes(evidence: ReportEvidence, words: EvidenceWords) -> list[Markup]:
    """Return the most likely cause, and what speaks for and against each; nothing where all is well."""
    if evidence.likely is None:
        return []
    said = words.text("Most likely it is {cause}.", cause=words.cause(evidence.likely))
    if evidence.likely is TroubleCause.UNCLEAR:
        said = words.text("What caused it is unclear.")
    headings = [words.text("cause"), words.text("speaks for it"), words.text("speaks against it")]
    return [
        tag("h2", None, words.text("Why, and what it is not")),
        tag("p", None, tag("strong", None, said), " ", words.meaning(evidence.likely)),
        table(headings, [_row(explanation, evidence, words) for explanation in evidence.explanations]),
    ]


def _row(explanation: CauseExplanation, evidence: ReportEvidence, words: EvidenceWords) -> Markup:
    name = words.cause(explanation.cause)
    likely = explanation.cause is evidence.likely
    return tag(
        "tr",
        None,
        tag("th", {"scope": "row"}, tag("strong", None, name) if likely else name),
        tag("td", None, bullets([words.point(point) for point in explanation.speaks_for]) or "–"),
        tag("td", None, bullets([words.point(point) for point in explanation.speaks_against]) or "–"),
    )


def over_windows(evidence: ReportEvidence, words: EvidenceWords) -> list[Markup]:
    """Return the drawings of what rang over the windows before."""
    if not evidence.series:
        return []
    drawn = [
        tag("figure", None, tag("figcaption", None, series.label), pictures.series(series, words))
        for series in evidence.series
    ]
    key = words.text("The dashed red line is the threshold, the dotted one training, the band the interval.")
    return [
        tag("h2", None, words.text("Over the last windows")),
        tag("p", {"class": "soft"}, key),
        tag("div", {"class": "figures"}, *drawn),
    ]
