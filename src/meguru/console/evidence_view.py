"""What a report keeps as evidence, made ready for a page in its reader's language."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from meguru.console.page_request import Visit
from meguru.monitoring.evidence import pictures
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import ReportEvidence, TroubleCause

RANG = 4
"""So many columns are drawn on a page that is about something else."""


class ShownCause(msgspec.Struct, frozen=True, kw_only=True):
    """One possible cause in words, with what speaks for it and against it."""

    name: str
    is_likely: bool
    speaks_for: list[str]
    speaks_against: list[str]


class ShownColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column with the drawing of its distributions, and the sentences about it."""

    name: str
    rang: bool
    drawing: Markup
    findings: list[str]


class ShownSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A number with the drawing of its windows."""

    name: str
    rang: bool
    drawing: Markup


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """ReportEvidence as a page shows it; `likely` is empty where nothing is to be explained."""

    likely: str
    meaning: str
    is_unclear: bool
    causes: list[ShownCause]
    series: list[ShownSeries]
    columns: list[ShownColumn]
    compared_with: str


def words_of(visit: Visit) -> EvidenceWords:
    """Return the words of a visit's reader."""
    return EvidenceWords(visit.language, visit.spoken)


def evidence_view(
    visit: Visit, evidence: ReportEvidence | None, *, rang_only: bool = False
) -> EvidenceView | None:
    """Return what a page shows of evidence; with `rang_only` the first columns that rang alone."""
    if evidence is None:
        return None
    words, likely = words_of(visit), evidence.likely
    columns = [column for column in evidence.columns if column.rang][:RANG] if rang_only else evidence.columns
    return EvidenceView(
        likely=words.cause(likely) if likely else "",
        meaning=words.meaning(likely) if likely else "",
        is_unclear=likely is TroubleCause.UNCLEAR,
        causes=_causes(evidence, words),
        series=[
            ShownSeries(name=series.label, rang=series.rang, drawing=pictures.series(series, words))
            for series in evidence.series
        ],
        columns=[
            ShownColumn(
                name=column_evidence.column,
                rang=column_evidence.rang,
                drawing=pictures.distribution(column_evidence, words)
                if column_evidence.bins
                else Markup("–"),
                findings=list(map(words.spoken, column_evidence.findings)),
            )
            for column_evidence in columns
        ],
        compared_with=words.text(evidence.compared_with),
    )


def _causes(evidence: ReportEvidence, words: EvidenceWords) -> list[ShownCause]:
    return [
        ShownCause(
            name=words.cause(explanation.cause),
            is_likely=explanation.cause is evidence.likely,
            speaks_for=list(map(words.point, explanation.speaks_for)),
            speaks_against=list(map(words.point, explanation.speaks_against)),
        )
        for explanation in evidence.explanations
    ]
