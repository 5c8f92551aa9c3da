"""The table by month, read from nothing but what the system recorded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from meguru.artifacts.log import list_events
from meguru.base import refs
from meguru.demo.flights.folder import DemoMonths
from meguru.demo.flights.names import ENDPOINT, MODEL, MONITOR, RETRAIN, window
from meguru.errors import NotFound
from meguru.kernel.remote import RemoteWorkspace
from meguru.monitoring.measured import Estimate, ModelPerformance, Role
from meguru.monitoring.operations import show as show_monitor
from meguru.monitoring.operations import show_report
from meguru.monitoring.types import Report, ReportSummary, ReportVerdict, Severity
from meguru.pipelines.operations import show_run
from meguru.releases.operations import list_releases
from meguru.releases.types import Release, ReleaseState
from meguru.triggers.operations import history
from meguru.triggers.types import Firing, FiringState

FROZEN = f"model/{MODEL}@1"


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What the system saw in a month, what it did, and why.

    `auc` is of the live model, `holdout_auc` what it had on its holdout, `limit` what it may fall to;
    `frozen_auc` is of the first model, and `ahead` how far the live one is ahead of it on the rows that both
    scored (None while the first one is live). `rang` tells whether the monitor rang, and `reasons` why, or
    why not. `did` is ``promoted``, ``refused``, ``failed`` or ``nothing``, and `because` says why in the
    system's own words; `better` has the ends of the interval by which the challenger is better than what was
    live, empty when they were not compared.
    """

    month: str
    rows: int
    outcomes: int
    drifted: list[str]
    compared: int
    model: str
    auc: Estimate | None
    holdout_auc: float | None
    limit: float | None
    frozen_auc: float | None
    ahead: Estimate | None
    rang: bool
    reasons: list[str]
    did: str
    challenger: str
    because: list[str]
    better: list[float]
    report: str
    release: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The whole demo: a row a month, and what is live at its end."""

    workspace: str
    months: list[Month]
    live: str
    predictions: int
    outcomes: int
    seconds: float


def read_story(ws: RemoteWorkspace, folder: Path, plan: DemoMonths, *, seconds: float) -> Story:
    """Read the story of a workspace."""
    from meguru.serving.operations import show as show_endpoint

    detail = show_endpoint(ws, name=ENDPOINT)
    live = detail.endpoint.live
    return Story(
        workspace=str(folder),
        months=[month_of(ws, month) for month in plan.months],
        live=live.model_ref if live else "",
        predictions=detail.totals.predictions,
        outcomes=detail.totals.outcomes,
        seconds=round(seconds, 1),
    )


def month_of(ws: RemoteWorkspace, month: int) -> Month:
    """Read what happened in a month.

    Raises
    ------
    NotFound
        If the monitor has not looked at this month.
    """
    report = _report(ws, month)
    done = _consequence(ws, report)
    live, frozen = report.live, _frozen(report)
    return Month(
        month=f"{report.start:%Y-%m}",
        rows=report.rows,
        outcomes=report.outcomes,
        drifted=report.drifted,
        compared=report.compared,
        model=report.model,
        auc=live.auc if live else None,
        holdout_auc=live.reference if live else None,
        limit=_limit(show_report(ws, ref=report.ref)),
        frozen_auc=frozen.auc.value if frozen and frozen.auc else None,
        ahead=frozen.difference if frozen and report.model != FROZEN else None,
        rang=report.verdict is ReportVerdict.ALERT,
        reasons=report.reasons,
        did=done.did,
        challenger=done.challenger,
        because=done.because,
        better=list(done.better),
        report=report.ref,
        release=done.release,
    )


def _report(ws: RemoteWorkspace, month: int) -> ReportSummary:
    start, _ = window(month)
    for report in show_monitor(ws, name=MONITOR, limit=100).reports:
        if report.start == start:
            return report
    raise NotFound.of("report of the month", f"{start:%Y-%m}", hint="play it: meguru demo flights --resume")


def _limit(report: Report) -> float | None:
    """Return what the live model may fall to before the monitor rings."""
    findings = (finding for finding in report.findings if finding.severity is Severity.PERFORMANCE_DROP)
    return next((finding.threshold for finding in findings), None)


def _frozen(report: ReportSummary) -> ModelPerformance | None:
    measured = [performance for performance in report.performance if performance.model == FROZEN]
    return next(
        (performance for performance in measured if performance.role is Role.SHADOW),
        measured[0] if measured else None,
    )


class _Done(NamedTuple):
    did: str
    because: list[str]
    challenger: str = ""
    release: str = ""
    better: tuple[float, ...] = ()


def _consequence(ws: RemoteWorkspace, report: ReportSummary) -> _Done:
    """Follow look, firing, run and release."""
    firing = _firing(ws, report)
    if firing is None:
        return _Done("nothing", report.reasons)
    if firing.state is not FiringState.FIRED:
        return _Done("nothing", [firing.reason])
    run = show_run(ws, ref=firing.started)
    made = next((ref for ref in run.produced if refs.parse(ref).kind == "model"), "")
    if not made:
        return _Done("failed", [run.failed.message if run.failed else f"the run {run.state.value}"])
    release = _release(list_releases(ws, endpoint=ENDPOINT).items, made)
    if release is None:
        return _Done("failed", ["the model was never released"], made)
    refused = release.state is ReleaseState.REFUSED
    numbers = next((result.numbers for result in release.results if result.gate == "champion"), {})
    better = (numbers["low"], numbers["high"]) if "low" in numbers else ()
    return _Done("refused" if refused else "promoted", release.reasons, made, release.ref, better)


def _firing(ws: RemoteWorkspace, report: ReportSummary) -> Firing | None:
    looks = list_events(ws, type="monitor.evaluated", limit=100, newest_first=True).items
    look = next((each.id for each in looks if each.data["report"] == report.ref), None)
    if look is None:
        return None
    return next((each for each in history(ws, name=RETRAIN).items if each.event == look), None)


def _release(releases: Iterable[Release], model: str) -> Release | None:
    return next((release for release in releases if release.model == model), None)
