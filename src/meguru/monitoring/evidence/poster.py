"""The evidence of a report as one drawing, for messages: what it comes to, why, and what made it ring."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.monitoring.evidence import pictures
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.evidence.types import EvidencePoint, ReportEvidence, TroubleCause
from meguru.monitoring.types import Report

WIDTH, MARGIN, LINE = 720.0, 20.0, 18.0
MAX_PANELS = 4
MAX_REASONS = 3
LINE_WIDTH = 88
"""So many half-wide letters fit into a line."""
MAX_LINES = 24
"""What takes more lines is cut: a drawing is of a bounded size, whatever columns and values are called."""
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def poster(report: Report, words: EvidenceWords) -> str:
    """Return the drawing as an SVG file, which needs no style sheet; without evidence it has words alone."""
    lines = [each for said in _said(report, words) for each in wrapped(said[: MAX_LINES * LINE_WIDTH])][
        :MAX_LINES
    ]
    panels = list(_panels(report.evidence, words))[:MAX_PANELS] if report.evidence else []
    top = 58.0 + LINE * len(lines)
    rows = -(-len(panels) // 2)
    high = top + rows * (pictures.HEIGHT + 44.0) + MARGIN
    drawn = [tag("rect", {"class": "paper", "width": WIDTH, "height": high})]
    title = f"{report.monitor} · {report.start:%Y-%m-%d %H:%M} – {report.end:%Y-%m-%d %H:%M} UTC"
    verdict = words.text(report.verdict.value)
    drawn.append(tag("text", {"class": "title", "x": MARGIN, "y": 34.0}, f"{title} · {verdict}"))
    for number, line in enumerate(lines):
        drawn.append(tag("text", {"class": "said", "x": MARGIN, "y": 58.0 + LINE * number}, line))
    for number, (name, marks) in enumerate(panels):
        across = MARGIN + (number % 2) * (pictures.WIDTH + 2 * MARGIN)
        down = top + 16.0 + (number // 2) * (pictures.HEIGHT + 44.0)
        drawn.append(tag("text", {"class": "name", "x": across, "y": down}, name[:48]))
        drawn.append(tag("g", {"transform": f"translate({across:.0f} {down + 10:.0f})"}, *marks))
    about = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {WIDTH:.0f} {high:.0f}",
        "width": WIDTH,
        "height": high,
        "role": "img",
        "aria-label": title,
    }
    made = tag("svg", about, tag("style", None, Markup(_style())), *drawn)  # noqa: S704 - our own style
    # Names of columns are data: one control character would make the whole drawing no XML.
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(made))


@lru_cache(maxsize=1)
def _style() -> str:
    return Path(__file__).with_name("poster.css").read_text("utf-8")


def _said(report: Report, words: EvidenceWords) -> Iterator[str]:
    yield from map(words.spoken, report.reasons[:MAX_REASONS])
    if report.evidence:
        yield from likely_words(report.evidence, words)


def likely_words(evidence: ReportEvidence, words: EvidenceWords) -> Iterator[str]:
    """Say what most likely caused it, what speaks for that, and what it is not."""
    if evidence.likely is None:
        return
    if evidence.likely is TroubleCause.UNCLEAR:
        yield words.text("What caused it is unclear.")
    else:
        first = evidence.explanations[0]
        said = words.text("Most likely it is {cause}.", cause=words.cause(evidence.likely))
        yield f"{said} {_and_so(first.speaks_for, words)}"
    others = [
        explanation for explanation in evidence.explanations if explanation.cause is not evidence.likely
    ]
    ruled_out = [
        explanation for explanation in others if not explanation.weight and explanation.speaks_against
    ]
    if ruled_out:
        named = [
            f"{words.cause(explanation.cause)} ({words.point(explanation.speaks_against[0])})"
            for explanation in ruled_out
        ]
        yield words.text("It is not {causes}.", causes="; ".join(named))


def _and_so(points: Sequence[EvidencePoint], words: EvidenceWords) -> str:
    return "; ".join(words.point(point) for point in points[:2])


def _panels(evidence: ReportEvidence, words: EvidenceWords) -> Iterator[tuple[str, list[Markup]]]:
    """Yield what rang: the metric first, then distributions, then other numbers."""
    rang = [series for series in evidence.series if series.rang]
    columns = [column for column in evidence.columns if column.rang and column.bins]
    metric = [series for series in rang if not series.column][:1]
    drawn = [(series.label, partial(pictures.series_marks, series, words)) for series in metric]
    drawn += [
        (column_evidence.column, partial(pictures.distribution_marks, column_evidence.bins, words))
        for column_evidence in columns
    ]
    drawn += [
        (series.label, partial(pictures.series_marks, series, words))
        for series in rang
        if series not in metric
    ]
    for name, marks in drawn:
        yield name, list(marks())


def wrapped(text: str) -> list[str]:
    """Break a text into lines that fit; letters of China, Japan and Korea are twice as wide."""
    lines, line, used = [], "", 0
    for word in _pieces(text):
        wide = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in word)
        if used + wide > LINE_WIDTH and line.strip():
            lines.append(line.strip())
            line, used = "", 0
        line, used = line + word, used + wide
    return [*lines, line.strip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    for word in text.split(" "):
        if word.isascii() and len(word) <= LINE_WIDTH:
            yield word + " "
        else:
            yield from (*word, " ")
