"""What monitors found last, as numbers for systems that watch systems: Prometheus, OpenTelemetry."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import Connection

from meguru.monitoring import store
from meguru.monitoring.types import Report, ReportVerdict

MAX_MONITORS = 500
"""The numbers of so many monitors are told, the first by name: each makes a dozen series."""
_REPORTS_PER_READ = 25
"""So many reports are held while they are read."""
ABOUT: Mapping[str, str] = {
    "verdict": "1 for what the newest window came to, 0 for the other verdicts.",
    "metric": "What the live model's metric came to in the newest window.",
    "metric_low": "Where the interval of that metric begins.",
    "metric_high": "Where the interval of that metric ends.",
    "metric_reference": "What that metric was on the model's holdout.",
    "metric_expected": "What that metric is estimated to be of all rows, without outcomes.",
    "drift_share": "The share of the compared input columns that drifted.",
    "drifted_columns": "How many input columns drifted.",
    "breached_findings": "How many findings are beyond their thresholds, by severity.",
    "rows": "How many rows the newest window has.",
    "outcomes_share": "The share of its rows whose outcome is known.",
    "partial": "Whether the newest window was not full when it was looked at.",
    "window_end_timestamp_seconds": "When the newest window ends.",
    "evaluated_timestamp_seconds": "When it was evaluated.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorGauge:
    """One number of one monitor: `name` is a key of `ABOUT`, `labels` tell apart what it is of."""

    name: str
    monitor: str
    labels: Mapping[str, str]
    value: float


class NewestGauges:
    """The numbers of the newest windows, whose reports are read once: a report never changes.

    Nothing else of a report is held. Several threads may ask at a time; at worst one reads a report twice.
    """

    def __init__(self) -> None:
        self._known: dict[str, Sequence[MonitorGauge]] = {}

    def read(self, tx: Connection, projects: AbstractSet[str] | None) -> list[Sequence[MonitorGauge]]:
        """Return what the newest window came to of each monitor of some projects (None: of all)."""
        ids = store.newest_windows(tx, projects, MAX_MONITORS)
        known = self._known
        missing = [each for each in ids if each not in known]
        read: dict[str, Sequence[MonitorGauge]] = {}
        for first in range(0, len(missing), _REPORTS_PER_READ):
            for report in store.reports_by_id(tx, missing[first : first + _REPORTS_PER_READ]):
                read[report.id] = tuple(_gauges(report))
        found = {each: known.get(each) or read[each] for each in ids if each in known or each in read}
        # A new dict is assigned, never one changed in place: another thread may be reading it.
        self._known = {**known, **found} if len(known) < 2 * MAX_MONITORS else found
        return list(found.values())


def _gauges(report: Report) -> Iterator[MonitorGauge]:
    """Return the numbers of a monitor by its newest report; what is not known has none."""
    for name, value, labels in _of(report):
        if value is not None and math.isfinite(value):
            yield MonitorGauge(name=name, monitor=report.monitor, labels=labels, value=float(value))


def _of(report: Report) -> Iterator[tuple[str, float | None, dict[str, str]]]:
    for each in ReportVerdict:
        yield "verdict", float(report.verdict is each), {"verdict": each.value}
    yield from _of_metric(report)
    yield "drift_share", report.drift_share, {}
    yield "drifted_columns", len(report.drifted), {}
    breached = Counter(finding.severity.value for finding in report.findings if finding.breached)
    for severity in {finding.severity.value for finding in report.findings}:
        yield "breached_findings", breached[severity], {"severity": severity}
    yield "rows", report.rows, {}
    yield "outcomes_share", report.coverage, {}
    yield "partial", float(bool(report.partial)), {}
    yield "window_end_timestamp_seconds", report.end.timestamp(), {}
    yield "evaluated_timestamp_seconds", report.at.timestamp(), {}


def _of_metric(report: Report) -> Iterator[tuple[str, float | None, dict[str, str]]]:
    judged = report.live.measured(report.metric) if report.live else None
    if judged is None:
        return
    labels, estimate = {"metric": judged.metric}, judged.estimate
    yield "metric", estimate.value if estimate else None, labels
    yield "metric_low", estimate.low if estimate else None, labels
    yield "metric_high", estimate.high if estimate else None, labels
    yield "metric_reference", judged.reference, labels
    yield "metric_expected", judged.expected.value if judged.expected else None, labels
