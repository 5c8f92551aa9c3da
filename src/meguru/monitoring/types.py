"""Monitors, what they find, and their reports."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.business.types import BusinessValue
from meguru.monitoring.deciding.rules import SEASONS, TWO_CALM, TWO_OF_THREE, Persistence, Recovery, Season
from meguru.monitoring.evidence.types import ReportEvidence
from meguru.monitoring.label_maturity import LabelMaturity
from meguru.monitoring.measured import AUC, ModelPerformance, PerformanceTrend, Role
from meguru.monitoring.schedule.rules import AS_IT_COMES, Completeness, Schedule, WindowRule
from meguru.monitoring.schedule.types import WindowsStatus
from meguru.monitoring.service_figures import ServiceFigures
from meguru.predictions.types import LabelDelay


class Severity(StrEnum):
    """What a finding is about, gravest first."""

    DATA_BREAK = "data_break"
    """What comes in is broken: a column is gone, has another type, misses values, or nothing comes."""
    PERFORMANCE_DROP = "performance_drop"
    """The live model is certainly worse than when it was trained."""
    BUSINESS_MISS = "business_miss"
    """A business metric is certainly beyond its target."""
    SERVICE_TROUBLE = "service_trouble"
    """The service answers late, with errors, or is full."""
    UNFAIR = "unfair"
    """The model certainly treats groups too differently."""
    ESTIMATED_DROP = "estimated_drop"
    """The live model is expected to be worse, before its outcomes are known."""
    MISCALIBRATED = "miscalibrated"
    """Probabilities are not the shares that they say."""
    COST_RISE = "cost_rise"
    """Predictions cost certainly more than they may."""
    SHADOW_BETTER = "shadow_better"
    """A shadow model certainly does better on the same rows than the live one."""
    PREDICTION_DRIFT = "prediction_drift"
    """The scores' distribution changed."""
    INPUT_DRIFT = "input_drift"
    """A feature's distribution changed."""


class ReportVerdict(StrEnum):
    """What a report comes to."""

    OK = "ok"
    ALERT = "alert"
    UNKNOWN = "unknown"
    """Too little is known to say either."""


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """A standing watch over one endpoint, or one dataset.

    `checks` are options by check, as in ``{"check": "psi", "floor": 0.1}``. A finding alerts when its
    severity is in `alert_on`; drift only when at least `min_drift_share` of the compared columns drifted.
    Windows with fewer than `min_rows` rows are not judged.

    Drift of the inputs that are `important` alerts without being in `alert_on`, and that of others then does
    not. Drift alerts only where it is also beyond the `seasons`, as far as such windows were; of all drift
    that is called so, a share `false_discovery_rate` is chance. What alerts must `persist`, and lasts until
    it has had time to `recover`.

    With a `window` the server looks by itself, by `schedule`, when a window is `complete`. What comes late
    has a window looked at again `debounce` seconds later. Of the windows that nobody looked at in time, the
    newest `make_up` are made up for.

    One of a `dataset` compares it with the version `reference` (0: the one before): each new version, or
    with a window the newest version's rows of each window.
    """

    name: str
    endpoint: str
    checks: list[dict[str, Any]]
    alert_on: list[Severity]
    min_rows: int
    min_drift_share: float
    created_at: datetime
    created_by: str
    window: WindowRule | None = None
    schedule: Schedule = "window"
    complete: Completeness = AS_IT_COMES
    debounce: float = 60.0
    make_up: int = 100
    dataset: str = ""
    reference: int = 0
    important: list[str] = []
    seasons: list[Season] = msgspec.field(default_factory=lambda: list(SEASONS))
    persist: Persistence = TWO_OF_THREE
    recover: Recovery = TWO_CALM
    false_discovery_rate: float = 0.01

    @property
    def looks(self) -> bool:
        """Whether the server looks by itself: at windows, or at every new version of a dataset."""
        return self.window is not None or bool(self.dataset)

    @property
    def ref(self) -> str:
        """The reference of this monitor."""
        return refs.make("monitor", self.name)

    @property
    def target(self) -> str:
        """The reference of what it watches."""
        return refs.make("dataset", self.dataset) if self.dataset else refs.make("endpoint", self.endpoint)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check says of one column, or of one model.

    `breached` tells whether the statistic is beyond its threshold; `effect` is the size of the change in the
    statistic's unit, with the noise taken off. `n` counts the rows of the window, `n_reference` those of
    the baseline. `slice` names the rows it is of, as in ``carrier=AA``; empty when it is of all. `floor` is
    the effect from which on it is worth an alarm, in the effect's unit; None where there is no such.
    `beyond_seasons` tells of drift whether it is also beyond earlier windows; None: nobody knows of any.
    """

    check: str
    severity: Severity
    model: str
    says: str
    breached: bool
    column: str = ""
    slice: str = ""
    statistic: float | None = None
    threshold: float | None = None
    effect: float | None = None
    p_value: float | None = None
    n_reference: int = 0
    n: int = 0
    floor: float | None = None
    beyond_seasons: bool | None = None


class CauseState(StrEnum):
    """How far a cause of an alert is."""

    PENDING = "pending"
    """It was found, and has to last before it rings."""
    RINGING = "ringing"


class AlertCause(msgspec.Struct, frozen=True, kw_only=True):
    """Something that rings, or will if it lasts: it lives from window to window.

    Attributes
    ----------
    severity, model, what, slice
        What it is, of which model: `what` is a column, or the check that found it.
    state, since
        How far it is, and the start of the window in which it was first found.
    seen, strength
        Whether this window has it, and its effect as a multiple of what is worth an alarm; None: no number.
    calm
        In how many windows in a row it has been well below that by now.
    """

    severity: Severity
    model: str
    what: str
    slice: str = ""
    state: CauseState
    since: datetime | None = None
    seen: bool = True
    strength: float | None = None
    calm: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same in another window."""
        return (self.severity.value, self.model, self.what, self.slice)


class ReportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The essence of a report.

    `model` is the live one, empty when nothing was answered; `coverage` is the share of rows whose outcome
    is known, `drift_share` that of the `compared` input columns which drifted (0 when there are none).
    `metric` is the one by which the models are compared. Of a dataset, `dataset` is the version that was
    looked at and `reference` the one that it was compared with. `partial` says what the window still lacked,
    empty when it was full. `delay` is how long the outcomes of its days took to become known.
    """

    id: str
    monitor: str
    endpoint: str
    model: str
    start: datetime
    end: datetime
    at: datetime
    verdict: ReportVerdict
    reasons: list[str]
    rows: int
    outcomes: int
    coverage: float
    compared: int
    drifted: list[str]
    drift_share: float
    performance: list[ModelPerformance]
    metric: str = AUC
    partial: list[str] = []
    dataset: str = ""
    reference: str = ""
    delay: LabelDelay | None = None

    @property
    def ref(self) -> str:
        """The reference of this report."""
        return refs.make("report", self.id)

    @property
    def live(self) -> ModelPerformance | None:
        """How the live model did."""
        return next((performance for performance in self.performance if performance.role is Role.LIVE), None)


class Report(ReportSummary, frozen=True, kw_only=True):
    """What a monitor found in the window ``[start, end)`` of event time.

    `notes` tell what could not be checked, and why. `digest` is of the data and the settings: while it
    stays the same, running the monitor again gives this report. `causes` are what rings, or will if it lasts,
    `business` is what the endpoint's business metrics came to, `service` how its requests were answered,
    `trend` how the live model has done by now.
    `evidence` is kept beside it, and read where one report is asked for; None of reports made before there
    was any.
    """

    findings: list[Finding]
    notes: list[str]
    digest: str
    causes: list[AlertCause] = []
    business: list[BusinessValue] = []
    service: ServiceFigures | None = None
    trend: PerformanceTrend | None = None
    evidence: ReportEvidence | None = None

    def summary(self) -> ReportSummary:
        """Return the report without its findings."""
        names = ReportSummary.__struct_fields__
        return ReportSummary(**{name: getattr(self, name) for name in names})


class MonitorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor with its newest report."""

    monitor: Monitor
    last: ReportSummary | None = None


class MonitorHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor with its reports, the one evaluated last first; `windows` if it looks by itself.

    `delay` is how long outcomes at its endpoint take; `ripeness` how many of those of the last window came.
    """

    monitor: Monitor
    reports: list[ReportSummary]
    windows: WindowsStatus | None = None
    delay: LabelDelay | None = None
    ripeness: LabelMaturity | None = None
