"""What monitors said of the endpoint since the release was live: verdicts and numbers, no values of rows."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.evidence.parts.source import GatheredPart, PackSource, stated
from meguru.monitoring import store
from meguru.monitoring.types import Report

MAX_REPORTS = 400
"""Of each monitor, the newest."""
_FINDING = ("check", "severity", "model", "column", "statistic", "threshold", "effect", "p_value", "n")


def gather(source: PackSource) -> GatheredPart:
    """Return what was reported while it was live; nothing if it never was."""
    live = source.release.live_at
    if live is None:
        return GatheredPart()
    tx, found = source.ctx.tx, []
    for monitor in store.all_monitors(tx, source.release.endpoint):
        reports = [report for report in store.reports(tx, monitor.name, MAX_REPORTS) if report.at >= live]
        if source.release.ended_at is not None:
            reports = [report for report in reports if report.at <= source.release.ended_at]
        shown = [_report(report) for report in sorted(reports, key=lambda each: (each.at, each.id))]
        found.append({"monitor": monitor.ref, "checks": monitor.checks, "reports": shown})
    said = {"since": live, "until": source.release.ended_at, "monitors": found}
    return GatheredPart(statements=[stated("monitoring", [source.about_release], msgspec.to_builtins(said))])


def _report(found: Report) -> dict[str, Any]:
    names = ("id", "start", "end", "at", "verdict", "rows", "outcomes", "coverage", "model", "drifted")
    said = {name: getattr(found, name) for name in names}
    breached = [finding for finding in found.findings if finding.breached]
    # A finding's words, and the slices it is of, may name what stands in rows.
    said["breached"] = [{name: getattr(finding, name) for name in _FINDING} for finding in breached]
    return said
