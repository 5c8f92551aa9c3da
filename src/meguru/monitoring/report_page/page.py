"""The whole page of a report."""

from __future__ import annotations

from datetime import datetime, timedelta

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.base.text import mark
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.report_page import columns, explanation
from meguru.monitoring.report_page.business import business
from meguru.monitoring.report_page.document import document
from meguru.monitoring.report_page.performance import performance
from meguru.monitoring.report_page.service import service
from meguru.monitoring.types import Report


def report_html(report: Report, words: EvidenceWords) -> str:
    """Return a report as one HTML file: what it comes to, why, and everything that it is based on.

    Its size is bounded by the columns that are kept; a report that was made before evidence was kept has no
    distributions.
    """
    body = [*_head(report, words), *explanation.verdict(report, words)]
    if report.evidence is not None:
        body += explanation.causes(report.evidence, words)
        body += explanation.over_windows(report.evidence, words)
    body += performance(report, words)
    body += business(report.business, words)
    body += service(report.service, words)
    body += columns.findings(report.findings, words)
    if report.evidence is not None:
        body += columns.distributions(report.evidence, words)
    return document(f"{report.monitor} · {window_of(report)}", body, words.language)


def window_of(report: Report) -> str:
    """Name the window of a report: its days where it begins and ends with one, else its moments."""
    start, end = report.start, report.end
    if _is_midnight(start) and _is_midnight(end):
        last = end - timedelta(days=1)
        return f"{start:%Y-%m-%d}" if last.date() == start.date() else f"{start:%Y-%m-%d} – {last:%Y-%m-%d}"
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} UTC"


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second) == (0, 0, 0)


def _head(report: Report, words: EvidenceWords) -> list[Markup]:
    badge = tag("span", {"class": f"badge {report.verdict.value}"}, words.text(report.verdict.value))
    watched = report.dataset or f"endpoint/{report.endpoint}"
    facts = (
        (mark("watches"), watched),
        (
            mark("live model") if report.model else mark("compared with"),
            report.model or report.reference or "–",
        ),
        (mark("rows"), f"{report.rows:,}"),
        (mark("with outcome"), f"{report.outcomes:,}"),
        (mark("drifted features"), f"{len(report.drifted)} / {report.compared}"),
        (mark("evaluated"), f"{report.at:%Y-%m-%d %H:%M} UTC"),
        (mark("report"), report.ref),
    )
    pairs = [
        tag("div", None, tag("dt", None, words.text(name)), tag("dd", None, value)) for name, value in facts
    ]
    return [tag("h1", None, report.monitor, " · ", window_of(report), " ", badge), tag("dl", None, *pairs)]
