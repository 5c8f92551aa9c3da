"""Monitors, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import (
    Attention,
    FieldMembers,
    Kind,
    Payload,
    Remedy,
    Service,
    Tone,
    Urgency,
    event_type,
    spec_events,
)
from meguru.monitoring.deciding.rules import SEASONS, TWO_CALM, TWO_OF_THREE, Persistence, Recovery, Season
from meguru.monitoring.schedule.rules import AS_IT_COMES, Completeness, Schedule, WindowRule
from meguru.monitoring.types import Severity

_QUALITY = ("nulls", "ranges", "new_categories", "constant", "volume")
CHECKS: list[dict[str, Any]] = [
    {"check": each} for each in ("performance", "psi", "ks", "business", "service", *_QUALITY)
]
DATA_CHECKS: list[dict[str, Any]] = [{"check": each} for each in ("psi", "ks", *_QUALITY)]
"""What a monitor of a dataset checks by default. Whether columns are there at all, every monitor checks."""
ALERT_ON = [
    Severity.DATA_BREAK,
    Severity.PERFORMANCE_DROP,
    Severity.BUSINESS_MISS,
    Severity.SERVICE_TROUBLE,
    Severity.UNFAIR,
]
"""What harms. Those that no check of a monitor finds are left out when it is declared."""


class MonitorSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A monitor as people declare it; see `Monitor` for what each field means."""

    endpoint: str = ""
    dataset: str = ""
    reference: int = 0
    checks: list[dict[str, Any]] = msgspec.field(default_factory=lambda: list(CHECKS))
    alert_on: list[Severity] = msgspec.field(default_factory=lambda: list(ALERT_ON))
    min_rows: int = 500
    min_drift_share: float = 0.0
    window: WindowRule | None = None
    schedule: Schedule = "window"
    complete: Completeness = AS_IT_COMES
    debounce: float | str = 60.0
    make_up: int = 100
    important: list[str] = msgspec.field(default_factory=list)
    seasons: list[Season] = msgspec.field(default_factory=lambda: list(SEASONS))
    persist: Persistence = TWO_OF_THREE
    recover: Recovery = TWO_CALM
    false_discovery_rate: float = 0.01


class _Evaluation(Payload, frozen=True):
    report: str
    endpoint: str
    model: str
    start: str
    end: str
    verdict: str
    reasons: list[str]
    rows: int
    outcomes: int
    drifted: list[str]
    drift_share: float
    auc: dict[str, Any] | None
    reference: float | None
    metric: str = "auc"
    estimate: dict[str, Any] | None = None
    partial: list[str] = msgspec.field(default_factory=list)
    dataset: str = ""
    compared_with: str = ""
    likely: str = ""


@event_type("monitor.evaluated", label="monitor evaluated a window", sentence="{subject} evaluated a window")
class MonitorEvaluated(_Evaluation, frozen=True):
    """A window was compared with the baseline; the essence of its report."""


@event_type(
    "monitor.alerted",
    label="monitor raised an alert",
    sentence="{subject} raised an alert",
    tone=Tone.BAD,
    needs_person=Attention(
        severity=Urgency.CRITICAL,
        answered_by=(Remedy("monitor.evaluated", {"verdict": "ok"}),),
        meaning="The predictions of {endpoint} may be worse than they were; {subject} noticed.",
    ),
)
class MonitorAlerted(_Evaluation, frozen=True):
    """A window's report comes to an alert; the essence of the report."""


@event_type(
    "monitor.missed",
    label="monitor passed windows over",
    sentence="{subject} passed windows over",
    tone=Tone.ODD,
)
class MonitorMissed(Payload, frozen=True):
    """More windows had ended than are made up: those from `first` to `last` are not looked at."""

    first: str
    last: str
    count: int
    made_up: int


MONITOR = Kind(
    name="monitor",
    title=("monitor", "monitors"),
    tables=("meguru.monitoring.schema", "meguru.monitoring.cells.schema"),
    operations=("meguru.monitoring.operations",),
    events=(
        *spec_events("monitor", MonitorSpec, retired="A monitor was taken out of use; its reports stay."),
        MonitorEvaluated,
        MonitorAlerted,
        MonitorMissed,
    ),
    grants={"engineer": ("*",)},
    spec=MonitorSpec,
    spec_store="meguru.monitoring.spec",
    jobs={"monitor": "meguru.monitoring.schedule.job:HANDLER"},
    job_threads=1,
    services=(
        Service(name="monitors", factory="meguru.monitoring.schedule.service:MonitorScheduler"),
        Service(name="cells", factory="meguru.monitoring.cells.service:CellCounter"),
    ),
    internal={
        "schedule": "the service of monitors marks what came late, and wakes whose windows are full",
        "evaluate": "a worker looks at the windows of one monitor",
        "count": "the service of cells adds what was recorded to them",
    },
    members=(FieldMembers(field="monitor.checks", family="meguru.monitoring.checks:CHECKS", tag="check"),),
    provides={
        "model user": "meguru.monitoring.model_user:uses",
        "checklist evidence": "meguru.monitoring.model_user:evidence",
    },
    page="/ui/monitors/{name}",
)
REPORT = Kind(
    name="report",
    title=("report", "reports"),
    named=False,
    project_of="meguru.monitoring.store:project_of_report",
    provides={"alert evidence": "meguru.monitoring.evidence.alert_evidence:alert_evidence"},
    page="/ui/reports/{name}",
)
