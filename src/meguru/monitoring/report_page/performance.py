"""How well the models did, with intervals, and on which rows worse."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.base.text import mark
from meguru.monitoring.evidence.calibration_picture import calibration
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.measured import Estimate, MeasuredMetric, ModelPerformance
from meguru.monitoring.report_page.document import and_more, number, table
from meguru.monitoring.types import Report

MODEL = (
    *(mark("model"), mark("role"), mark("metric"), mark("value"), mark("95 %")),
    *(mark("on its holdout"), mark("live minus it"), mark("expected")),
)
MAX_SLICES = 200
"""So many slices are shown."""
SLICE = (mark("model"), mark("metric"), mark("rows with"), mark("value"), mark("95 %"), mark("rows"))


def performance(report: Report, words: EvidenceWords) -> list[Markup]:
    """Return the section on the models of a window; nothing where none answered."""
    if not report.performance:
        return []
    rows = [row for model_performance in report.performance for row in _model(model_performance, words)]
    share = f"{report.coverage:.0%}"
    known = words.text("The outcome is known of {share} of the rows.", share=share)
    made = [
        tag("h2", None, words.text("How well it did")),
        tag("p", {"class": "soft"}, known),
        table(list(map(words.text, MODEL)), rows, numbers=frozenset({3, 5, 6, 7})),
    ]
    reliability = report.live.reliability if report.live else None
    if reliability is not None:
        drawing = calibration(reliability, words)
        made += [tag("h2", None, words.text("Calibration")), tag("figure", None, drawing)]
    parts = [row for model_performance in report.performance for row in _slices(model_performance)]
    if parts:
        names = list(map(words.text, SLICE))
        shown = table(names, parts[:MAX_SLICES], numbers=frozenset({3, 5}))
        made += [tag("h2", None, words.text("By slice")), shown, *and_more(len(parts) - MAX_SLICES, words)]
    return made


def _model(model_performance: ModelPerformance, words: EvidenceWords) -> Iterator[Markup]:
    for place, metric in enumerate(_metrics(model_performance)):
        found, expected = metric.estimate, metric.expected
        yield tag(
            "tr",
            None,
            tag("th", {"scope": "row"}, model_performance.model if not place else ""),
            tag("td", None, words.text(model_performance.role.value) if not place else ""),
            tag("td", None, metric.label),
            number(found.value if found else None),
            tag("td", None, _interval(found)),
            number(metric.reference),
            number(metric.difference.value if metric.difference else None),
            number(expected.value if expected else None),
        )


def _metrics(model_performance: ModelPerformance) -> list[MeasuredMetric]:
    old = model_performance.measured("auc")
    return model_performance.metrics or ([old] if old else [])


def _slices(model_performance: ModelPerformance) -> Iterator[Markup]:
    for metric in model_performance.metrics:
        for part in metric.slices:
            estimate = part.estimate
            yield tag(
                "tr",
                None,
                tag("td", None, model_performance.model),
                tag("td", None, metric.label),
                tag("th", {"scope": "row"}, f"{part.column} = {part.value[:60]}"),
                number(estimate.value),
                tag("td", None, _interval(estimate)),
                tag("td", {"class": "number"}, f"{estimate.n:,}"),
            )


def _interval(found: Estimate | None) -> str:
    return f"[{found.low:.4g}, {found.high:.4g}]" if found else ""
