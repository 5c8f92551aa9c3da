"""Monitors: where one stands, with its reports; and one report with all its findings."""

from __future__ import annotations

from functools import partial

from markupsafe import Markup
from starlette.responses import Response

from meguru.business.formatting import amount, shown
from meguru.console.drift_heatmap import movement_map
from meguru.console.evidence_view import evidence_view, words_of
from meguru.console.monitor_history import draw_history, in_order, interval
from meguru.console.page_request import HEADERS, PageFunction, Visit
from meguru.console.spans import span_name, span_title
from meguru.monitoring import show
from meguru.monitoring.drift_history import drift_history
from meguru.monitoring.evidence.calibration_picture import calibration
from meguru.monitoring.evidence.png import png_of
from meguru.monitoring.evidence.poster import poster
from meguru.monitoring.report_page.page import report_html
from meguru.monitoring.types import Report


def one(visit: Visit) -> Response:
    """Show a monitor: where it stands if it looks by itself, and its reports."""
    history = show.show(visit.ws, name=visit.full("name"))
    return visit.render(
        "monitor.html",
        monitor=history.monitor,
        windows=history.windows,
        reports=history.reports,
        drawing=draw_history(visit, in_order(history.reports), []),
        movement=movement_map(visit, drift_history(visit.ws, name=visit.full("name"))),
        span_name=partial(span_name, zone=visit.zone),
        span_title=partial(span_title, zone=visit.zone),
        live="monitor. outcomes.",
    )


def report(visit: Visit) -> Response:
    """Show one report, what was breached first."""
    found = show.show_report(visit.ws, ref=visit.named("id"))
    return visit.render(
        "report.html",
        shown=shown,
        amount=amount,
        report=found,
        findings=sorted(found.findings, key=lambda each: (not each.breached, each.check, each.column)),
        span_name=partial(span_name, zone=visit.zone),
        span_title=partial(span_title, zone=visit.zone),
        interval=interval,
        view=evidence_view(visit, found.evidence),
        calibration=_calibration(visit, found),
        live="",
    )


def _calibration(visit: Visit, report: Report) -> Markup:
    reliability = report.live.reliability if report.live else None
    return calibration(reliability, words_of(visit)) if reliability else Markup()


def file(visit: Visit) -> Response:
    """Give a report as one HTML file, in the reader's language."""
    found = show.show_report(visit.ws, ref=visit.named("id"))
    headers = HEADERS | {
        "Content-Disposition": f'attachment; filename="{found.id}.html"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(report_html(found, words_of(visit)), 200, headers, "text/html")


def drawing(visit: Visit) -> Response:
    """Give the evidence of a report as one drawing: SVG, or PNG with ``?as=png``."""
    found = show.show_report(visit.ws, ref=visit.named("id"))
    svg = poster(found, words_of(visit))
    name = f'inline; filename="{found.id}'
    if visit.asked("as") == "png":
        return Response(png_of(svg), 200, HEADERS | {"Content-Disposition": f'{name}.png"'}, "image/png")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    headers = HEADERS | {"Content-Disposition": f'{name}.svg"', "Content-Security-Policy": policy}
    return Response(svg, 200, headers, "image/svg+xml")


PAGES: dict[str, PageFunction] = {
    "/ui/monitors/{name}": one,
    "/ui/reports/{id}": report,
    "/ui/reports/{id}/file": file,
    "/ui/reports/{id}/drawing": drawing,
}
