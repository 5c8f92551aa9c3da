"""How the service did in the window."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.base.text import mark
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.report_page.document import table
from meguru.monitoring.service_figures import ServiceFigures

HEADINGS = (mark("requests"), mark("errors"), mark("turned away"), mark("latency"), mark("at work"))
_MILLI = 1000


def service(seen: ServiceFigures | None, words: EvidenceWords) -> list[Markup]:
    """Return the section on the service; nothing where no request was counted."""
    if seen is None:
        return []
    rows = [tag("tr", None, *_cells(seen))]
    return [tag("h2", None, words.text("Service")), table(list(map(words.text, HEADINGS)), rows)]


def _cells(seen: ServiceFigures) -> Iterator[Markup]:
    late = [
        f"{share} %: {at * _MILLI:.3g} ms"
        for share, at in ((50, seen.p50), (95, seen.p95), (99, seen.p99))
        if at is not None
    ]
    occupied = "–" if seen.occupied is None else f"{seen.occupied:.1%}"
    counts = (f"{each:,}" for each in (seen.requests, seen.errors, seen.turned_away))
    for said in (*counts, " · ".join(late) or "–", occupied):
        yield tag("td", None, said)
