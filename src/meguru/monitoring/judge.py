"""Run a monitor's checks over a window and come to a verdict, with reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, NotFound
from meguru.monitoring.checks import CHECKS, MonitorCheck
from meguru.monitoring.types import Finding, Monitor, ReportVerdict, Severity
from meguru.monitoring.window import MonitoredWindow

NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the checks found and what it comes to."""

    verdict: ReportVerdict
    reasons: list[str]
    findings: list[Finding]
    compared: int
    drifted: list[str]
    drift_share: float
    notes: list[str]


def check_of(options: dict[str, Any], place: str = "checks") -> MonitorCheck:
    """Read one check's options.

    Raises
    ------
    InvalidInput
        When the check is unknown or an option is unknown, of the wrong type or makes no sense; names the
        field.
    """
    given = dict(options)
    name = given.pop("check", None)
    if not isinstance(name, str):
        known = ", ".join(CHECKS.names())
        raise InvalidInput(
            f"{place} needs to say which check it is", field=f"{place}.check", hint=f"one of {known}"
        )
    try:
        kind: type[MonitorCheck] = CHECKS.load(name)
        made: MonitorCheck = msgspec.convert(given, kind)
        made.check()
    except NotFound as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=f"{place}.check") from None
    except msgspec.ValidationError as error:
        fault = as_invalid(error, place, kind)
        where = f"{place}.{fault.field}".rstrip(".")
        raise InvalidInput(
            f"{where} is not as it must be", why=fault.why, hint=fault.hint, field=where
        ) from None
    except InvalidInput as error:
        raise InvalidInput(
            error.what, why=error.why, hint=error.hint, field=f"{place}.{error.field}"
        ) from None
    return made


def judge(monitor: Monitor, window: MonitoredWindow) -> Judgement:
    """Run the checks; alert on what the monitor says is worth an alert."""
    findings, notes, unjudged = _breaks(window), [], []
    for index, options in enumerate(monitor.checks):
        check = check_of(options, f"checks[{index}]")
        findings += check.evaluate(window)
        if why := check.missing(window):
            notes.append(f"{check.key} was not judged: {why}")
            if check.severities & set(monitor.alert_on):
                unjudged.append(notes[-1])
    breached = [each for each in findings if each.breached]
    drifted = list(dict.fromkeys(each.column for each in breached if each.severity is Severity.INPUT_DRIFT))
    compared = sum(each.severity is Severity.INPUT_DRIFT for each in window.columns)
    share = len(drifted) / compared if compared else 0.0
    alerting = [each for each in breached if _alerts(monitor, each, share)]
    verdict = (
        ReportVerdict.ALERT
        if alerting
        else ReportVerdict.UNKNOWN
        if unjudged or not window.rows
        else ReportVerdict.OK
    )
    reasons = {
        ReportVerdict.ALERT: _words(alerting, drifted, compared),
        ReportVerdict.UNKNOWN: unjudged or ["no row was answered in this window"],
        ReportVerdict.OK: _calm(findings, drifted, compared),
    }[verdict]
    return Judgement(
        verdict=verdict,
        reasons=reasons,
        findings=findings,
        compared=compared,
        drifted=drifted,
        drift_share=share,
        notes=notes,
    )


def _breaks(window: MonitoredWindow) -> list[Finding]:
    return [
        Finding(
            check="columns",
            severity=Severity.DATA_BREAK,
            model=window.model,
            column=name,
            says=f"{name} can't be compared with {window.compared_with}: {why}",
            breached=window.rows >= window.min_rows,
            n=window.rows,
        )
        for name, why in window.broken.items()
    ]


def _alerts(monitor: Monitor, finding: Finding, share: float) -> bool:
    if finding.severity not in monitor.alert_on:
        return False
    return finding.severity is not Severity.INPUT_DRIFT or share >= monitor.min_drift_share


def _words(alerting: Sequence[Finding], drifted: Sequence[str], compared: int) -> list[str]:
    """Return one reason a finding, and one for all input drift together; gravest first."""
    order = list(Severity)
    grave = sorted(
        (each for each in alerting if each.severity is not Severity.INPUT_DRIFT),
        key=lambda each: order.index(each.severity),
    )
    reasons = [each.says for each in grave]
    drift = [each for each in alerting if each.severity is Severity.INPUT_DRIFT]
    if drift:
        worst = max(drift, key=lambda each: (each.statistic or 0) / (each.threshold or 1))
        reasons.append(f"{_drift(drifted, compared)}; most of all {worst.says}")
    return reasons


def _calm(findings: Sequence[Finding], drifted: Sequence[str], compared: int) -> list[str]:
    said = [each.says for each in findings if each.severity is Severity.PERFORMANCE_DROP]
    said += [each.says for each in findings if each.severity is Severity.SHADOW_BETTER and each.breached]
    return [*said, _drift(drifted, compared)] if compared else said or ["nothing is beyond its threshold"]


def _drift(drifted: Sequence[str], compared: int) -> str:
    if not drifted:
        return f"none of {compared} columns drifted"
    named = ", ".join(drifted[:NAMED]) + (", …" if len(drifted) > NAMED else "")
    return f"{len(drifted)} of {compared} columns drifted ({named})"
