"""Run the checks of a monitor over a window."""

from __future__ import annotations

from dataclasses import dataclass, field

from meguru.monitoring.checks import MonitorCheck
from meguru.monitoring.checks.options import check_of, with_default_checks
from meguru.monitoring.deciding.trend import trend_findings, trend_of
from meguru.monitoring.measured import PerformanceTrend
from meguru.monitoring.types import Finding, Monitor, Severity
from meguru.monitoring.window import MonitoredWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """A finding with the check that made it; None of what is found without one."""

    finding: Finding
    check: MonitorCheck | None = None


@dataclass(slots=True)
class CheckResults:
    """The findings of a window's checks, and what could not be judged.

    `notes` say why a check did not judge, `unjudged` those of what the monitor alerts on; `judged` are the
    severities of which an absent finding means that there is nothing.
    """

    found: list[CheckFinding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    judged: set[Severity] = field(default_factory=set)
    trend: PerformanceTrend | None = None


def run_checks(monitor: Monitor, window: MonitoredWindow) -> CheckResults:
    """Run the monitor's checks, and those that every monitor makes."""
    results = CheckResults()
    rings = {*monitor.alert_on, *([Severity.INPUT_DRIFT] if monitor.important else [])}
    silent: set[Severity] = set()
    checks = [
        check_of(options, f"checks[{index}]")
        for index, options in enumerate(with_default_checks(monitor.checks))
    ]
    for check in checks:
        results.found += [CheckFinding(finding=finding, check=check) for finding in check.evaluate(window)]
        if why := check.missing(window):
            results.notes.append(f"{check.key} was not judged: {why}")
            silent |= check.severities
            if check.severities & rings:
                results.unjudged.append(results.notes[-1])
        else:
            results.judged |= check.severities
            if window.sampled and "rows" in check.reads:
                drawn = f"{window.sampled:,} of {window.rows:,} rows, drawn at random"
                results.notes.append(f"{check.key} looked at {drawn}")
    # One check that could not judge leaves its severities open, also where another of them could.
    results.judged -= silent
    gone = [f"{name} is important, and no such input is compared" for name in _not_compared(monitor, window)]
    results.notes += gone
    results.unjudged += gone
    results.trend = trend_of(checks, window)
    results.found += [
        CheckFinding(finding=finding) for finding in trend_findings(checks, window, results.trend)
    ]
    return results


def _not_compared(monitor: Monitor, window: MonitoredWindow) -> list[str]:
    """Return the important inputs that the baseline does not have; of a small window nobody knows."""
    if not window.columns or window.rows < window.min_rows:
        return []
    known = {column.name for column in window.columns} | set(window.broken)
    return [each for each in monitor.important if each not in known]
