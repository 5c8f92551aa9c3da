"""What messages about alerts show of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base.text import translate
from meguru.errors import NotFound
from meguru.monitoring import store
from meguru.monitoring.evidence.poster import likely_words, poster
from meguru.monitoring.evidence.translation import EvidenceWords

MAX_COLUMNS = 5
"""The distributions of so many columns go into the JSON of a webhook."""


def alert_evidence(tx: Connection, id: str, language: str) -> Mapping[str, Any] | None:
    """Return what a report shows in messages: ``lines``, ``svg`` and ``data``; None if there is nothing."""
    try:
        report = store.one_report(tx, id)
    except NotFound:
        return None
    if report.evidence is None:
        return None
    words = EvidenceWords(language)
    evidence = msgspec.to_builtins(report.evidence)
    return {
        "lines": list(likely_words(report.evidence, words)),
        "svg": poster(report, words),
        "data": {
            "report": report.ref,
            "window": {"start": report.start.isoformat(), "end": report.end.isoformat()},
            "likely": evidence["likely"],
            "likely_words": translate(words.cause(report.evidence.likely), language)
            if report.evidence.likely
            else "",
            "explanations": evidence["explanations"],
            "columns": [each for each in evidence["columns"] if each["rang"]][:MAX_COLUMNS],
            "series": [each for each in evidence["series"] if each["rang"]][:MAX_COLUMNS],
        },
    }
