"""What the window is worth, in the business's own units, and what it had been with the other models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from meguru.base.svg import tag
from meguru.base.text import mark
from meguru.business.formatting import amount, number, shown
from meguru.business.types import BusinessValue
from meguru.monitoring.evidence.translation import EvidenceWords
from meguru.monitoring.report_page.document import table

HEADINGS = (mark("metric"), mark("value"), mark("target"), mark("rows with outcome"))
OTHERS = (mark("metric"), mark("with the model"), mark("it had been"), mark("live minus it"))


def business(values: Sequence[BusinessValue], words: EvidenceWords) -> list[Markup]:
    """Return the section on business metrics; nothing where there are none."""
    if not values:
        return []
    made = [
        tag("h2", None, words.text("Business")),
        table(list(map(words.text, HEADINGS)), _rows(values, words)),
    ]
    others = list(_others(values))
    return [*made, table(list(map(words.text, OTHERS)), others)] if others else made


def _rows(values: Sequence[BusinessValue], words: EvidenceWords) -> Iterator[Markup]:
    for value in values:
        yield tag(
            "tr",
            None,
            tag("th", {"scope": "row", "class": "bad" if value.misses else None}, value.metric),
            tag("td", None, words.spoken(value.problem) if value.problem else shown(value)),
            tag("td", None, "–" if value.target is None else amount(value.target, value.unit)),
            tag("td", None, f"{value.coverage:.0%}"),
        )


def _others(values: Sequence[BusinessValue]) -> Iterator[Markup]:
    for value in values:
        for other in value.others:
            known = other.low is not None and other.high is not None
            sure = f" [{number(other.low or 0)}, {number(other.high or 0)}]" if known else ""
            yield tag(
                "tr",
                None,
                tag("th", {"scope": "row"}, value.metric),
                tag("td", None, other.model),
                tag("td", None, amount(other.value, value.unit)),
                tag("td", None, f"{amount(other.difference, value.unit)}{sure}"),
            )
