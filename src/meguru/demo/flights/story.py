"""The table by month, read from nothing but what the system recorded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from meguru.artifacts.log import list_events
from meguru.base import refs
from meguru.demo.flights.folder import Plan
from meguru.demo.flights.names import ENDPOINT, MODEL, MONITOR, RETRAIN, window
from meguru.errors import NotFound
from meguru.monitoring.operations import show as show_monitor
from meguru.monitoring.types import Estimate, ReportSummary
from meguru.pipelines.operations import show_run
from meguru.releases.operations import list_releases
from meguru.releases.types import Release, ReleaseState
from meguru.runtime.remote import RemoteWorkspace
from meguru.triggers.operations import history
from meguru.triggers.types import Firing, FiringState

FROZEN = f"model/{MODEL}@1"


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What the system saw in a month, what it did, and why.

    `auc` is of the live model, `frozen_auc` of the first model on the same rows. `did` is ``promoted``,
    ``refused``, ``failed`` or ``nothing``; `because` are the system's own words.
    """

    month: str
    rows: int
    outcomes: int
    drifted: list[str]
    compared: int
    model: str
    auc: Estimate | None
    frozen_auc: float | None
    verdict: str
    alert: list[str]
    did: str
    challenger: str
    because: list[str]
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


def read_story(ws: RemoteWorkspace, folder: Path, plan: Plan, *, seconds: float) -> Story:
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
    did, challenger, because, release = _consequence(ws, report)
    live = report.live
    return Month(
        month=f"{report.start:%Y-%m}",
        rows=report.rows,
        outcomes=report.outcomes,
        drifted=report.drifted,
        compared=report.compared,
        model=report.model,
        auc=live.auc if live else None,
        frozen_auc=_auc_of(report, FROZEN),
        verdict=report.verdict.value,
        alert=report.reasons,
        did=did,
        challenger=challenger,
        because=because,
        report=report.ref,
        release=release,
    )


def _report(ws: RemoteWorkspace, month: int) -> ReportSummary:
    start, _ = window(month)
    for report in show_monitor(ws, name=MONITOR, limit=100).reports:
        if report.start == start:
            return report
    raise NotFound.of("report of the month", f"{start:%Y-%m}", hint="play it: meguru demo flights --resume")


def _auc_of(report: ReportSummary, model: str) -> float | None:
    measured = (each.auc for each in report.performance if each.model == model and each.auc)
    found = next(measured, None)
    return found.value if found else None


def _consequence(ws: RemoteWorkspace, report: ReportSummary) -> tuple[str, str, list[str], str]:
    """Follow alert, firing, run and release; return what was done, with which model, why, and where."""
    firing = _firing(ws, report)
    if firing is None:
        return "nothing", "", report.reasons, ""
    if firing.state is not FiringState.FIRED:
        return "nothing", "", [firing.reason], ""
    run = show_run(ws, ref=firing.started)
    made = next((ref for ref in run.produced if refs.parse(ref).kind == "model"), "")
    if not made:
        return "failed", "", [run.failed.message if run.failed else f"the run {run.state.value}"], ""
    release = _release(list_releases(ws, endpoint=ENDPOINT).items, made)
    if release is None:
        return "failed", made, ["the model was never released"], ""
    refused = release.state is ReleaseState.REFUSED
    reasons = [each.reason for each in release.results if each.gate == "champion"]
    if refused and any(not each.passed for each in release.results if each.gate != "champion"):
        reasons = release.reasons
    return ("refused" if refused else "promoted"), made, reasons, release.ref


def _firing(ws: RemoteWorkspace, report: ReportSummary) -> Firing | None:
    alerts = list_events(ws, type="monitor.alerted", limit=100, newest_first=True).items
    alert = next((each.id for each in alerts if each.data["report"] == report.ref), None)
    if alert is None:
        return None
    return next((each for each in history(ws, name=RETRAIN).items if each.event == alert), None)


def _release(releases: Iterable[Release], model: str) -> Release | None:
    return next((each for each in releases if each.model == model), None)
