"""Where the releases of an endpoint stand on the chart of its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from meguru.console.charts.history import Flag
from meguru.console.page_request import Visit
from meguru.monitoring.types import ReportSummary
from meguru.releases.types import Release, ReleaseState


def flags(visit: Visit, releases: Sequence[Release], reports: Sequence[ReportSummary]) -> Iterator[Flag]:
    """Yield a flag for each release that went live or was refused, after the window it was decided on."""
    for release in sorted(releases, key=lambda each: each.version):
        refused = release.state is ReleaseState.REFUSED
        at = release.live_at or (release.checked_at if refused else None)
        if at is None:
            continue
        says = visit.text("{release} was refused") if refused else visit.text("{release} was promoted")
        lines = [says.format(release=release.ref), release.model, *map(visit.spoken, release.reasons[:4])]
        version = release.model.rpartition("@")[2]
        yield Flag(after=_after(reports, at), good=not refused, text=f"@{version}", tip="\n".join(lines))


def said(visit: Visit, release: Release) -> str:
    """Return what decided a release: the reasons of its refusal, or of the last gate that it passed."""
    refused = release.state is ReleaseState.REFUSED or release.is_waived
    return "; ".join(map(visit.spoken, release.reasons if refused else release.reasons[-1:]))


def _after(reports: Sequence[ReportSummary], at: datetime) -> int:
    """Return the last window that had been evaluated by then; -1 when none had."""
    return max((index for index, each in enumerate(reports) if each.at <= at), default=-1)
