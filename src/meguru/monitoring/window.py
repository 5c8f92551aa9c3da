"""What a window holds, compared column by column with what the live model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from meguru.business.types import BusinessValue
from meguru.errors import InvalidInput
from meguru.monitoring.base import Baseline
from meguru.monitoring.estimated_classes import with_expected_classes
from meguru.monitoring.estimated_metrics import (
    scores_of,
    scores_of_bins,
    with_expected,
    with_expected_losses,
    with_reliability,
)
from meguru.monitoring.measured import ModelPerformance, PerformanceTrend, Role
from meguru.monitoring.performance import RequestedMetric, measure
from meguru.monitoring.selection import score_outcomes, selective
from meguru.monitoring.service import ServiceWindow
from meguru.monitoring.types import AlertCause, Finding, ReportVerdict, Severity
from meguru.predictions.types import MODEL_COLUMN, OUTCOME_COLUMN, SCORE_COLUMN, TIME_COLUMN
from meguru.stats import ColumnCounts, ColumnProfile, NumericProfile, TableProfile, tally_column
from meguru.stats.estimates import ScoreOutcomes
from meguru.stats.profile import TimeProfile
from meguru.stats.profile.times import missing_and_invalid_times
from meguru.tasks.base import OUTPUT_PREFIX

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedColumn:
    """A column's counts over the bins of its baseline, at training and in the window.

    `profile` is the baseline: it says what the bins are.
    """

    name: str
    severity: Severity
    ordered: bool
    profile: ColumnProfile
    then: ColumnCounts
    now: ColumnCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTimes:
    """How many dates or times of a column are missing, of how many rows, beside its baseline."""

    name: str
    profile: TimeProfile
    nulls: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastWindow:
    """An earlier window of the same monitor, as its newest report saw it.

    `columns` are counts over the bins of the baseline that the present window is compared with; empty where
    nobody counted them, and of another model's window without its answers. `causes` are what rang then, or
    had to last first.
    """

    start: datetime
    end: datetime
    model: str
    rows: int
    verdict: ReportVerdict
    findings: tuple[Finding, ...] = ()
    performance: tuple[ModelPerformance, ...] = ()
    columns: Sequence[ComparedColumn] = ()
    causes: tuple[AlertCause, ...] = ()
    trend: PerformanceTrend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredWindow:
    """What the checks look at.

    Parameters
    ----------
    model
        The live model: the one that answered the last row. Columns are of its rows only.
    rows, outcomes
        How many rows there were, of any model, and for how many the outcome is known.
    min_rows
        Fewer rows than this prove nothing.
    columns
        The columns that the baseline and the window share, in the order of the baseline.
    broken
        Why a column of the baseline could not be compared.
    extra
        Columns that the baseline does not have.
    performance
        The live model first.
    compared_with
        What the columns are compared with, in words.
    uncompared
        Why they are compared with nothing; empty when it is that nobody profiled the training data.
    start, end
        The span of event time; of a whole version of a dataset, when the one before was made and when it was.
    times
        The columns of dates and times that both share.
    newest
        The latest event time of a row, of any model; None when nobody knows.
    reference_rows
        How many rows the version has that a whole version of a dataset is compared with; 0 of anything else.
    frame
        The rows of the live model, for checks that read ``rows``; None when no check does.
    sampled
        How many rows of any model were drawn for `frame` where the window has more; 0 when it has them all.
    past
        Earlier windows, newest last, for checks that read ``past``.
    reference
        Some rows of the data that the live model learned from, for checks that read ``reference``; None when
        no check does, or they are not known.
    business
        What the endpoint's business metrics came to, for checks that read ``business``.
    service
        How requests were answered, for checks that read ``service``; None when none were counted.
    baseline
        What the live model was like when it was trained; None of a dataset.
    selective
        Why the known outcomes do not stand for all rows; empty when nothing says so.
    personal
        Columns that tell who somebody is: no value of these is said or drawn.
    """

    model: str
    rows: int
    outcomes: int
    min_rows: int
    columns: tuple[ComparedColumn, ...] = ()
    broken: Mapping[str, str]
    performance: tuple[ModelPerformance, ...] = ()
    compared_with: str = "the training data"
    uncompared: str = ""
    start: datetime | None = None
    end: datetime | None = None
    frame: pl.DataFrame | None = None
    sampled: int = 0
    past: tuple[PastWindow, ...] = ()
    reference: pl.DataFrame | None = None
    business: tuple[BusinessValue, ...] = ()
    service: ServiceWindow | None = None
    baseline: Baseline | None = None
    extra: tuple[str, ...] = ()
    selective: str = ""
    times: tuple[ComparedTimes, ...] = ()
    newest: datetime | None = None
    reference_rows: int = 0
    personal: frozenset[str] = frozenset()

    @property
    def own_rows(self) -> int:
        """How many of the rows the live model answered; of a dataset, all."""
        return self.rows if self.live is None else self.live.rows

    @property
    def live(self) -> ModelPerformance | None:
        """How the live model did."""
        return next((performance for performance in self.performance if performance.role is Role.LIVE), None)


def live_model(frame: pl.DataFrame) -> str:
    """Return the model that answered the last row; empty when there is none."""
    return str(frame[MODEL_COLUMN][-1]) if frame.height else ""


def compare(
    frame: pl.DataFrame,
    baselines: Mapping[str, Baseline],
    min_rows: int,
    metrics: Sequence[RequestedMetric] = (),
    span: tuple[datetime, datetime] | None = None,
) -> MonitoredWindow:
    """Compare a window's rows with the baselines of the models in it.

    Parameters
    ----------
    frame
        As `predictions.window.frame` gives it, in order of event time.
    baselines
        By model; a model that is not named has none.
    min_rows
        Scalar, count.
    metrics
        The metrics that checks judge by, beside those of each model's task.
    span
        The window's start and end.
    """
    model = live_model(frame)
    baseline = baselines.get(model) or Baseline(model=model)
    mine = frame.filter(frame[MODEL_COLUMN] == model) if model else frame
    columns, broken = compared_columns(mine, baseline.profile)
    times, broken_times = compared_times(mine, baseline.profile)
    window = MonitoredWindow(
        model=model,
        rows=frame.height,
        outcomes=frame[OUTCOME_COLUMN].count() if frame.height else 0,
        min_rows=min_rows,
        columns=columns,
        broken=broken | broken_times,
        performance=measure(frame, model, baselines, metrics),
        start=span[0] if span else None,
        end=span[1] if span else None,
        frame=mine,
        baseline=baseline,
        extra=extra_columns(mine, baseline.profile),
        times=times,
        newest=newest_of(frame[TIME_COLUMN]) if TIME_COLUMN in frame.columns else None,
    )
    return with_score_analysis(window, score_outcomes(mine, OUTCOME_COLUMN, SCORE_COLUMN))


def compared_times(
    rows: pl.DataFrame, profile: TableProfile | None
) -> tuple[tuple[ComparedTimes, ...], dict[str, str]]:
    """Count the missing dates and times of some rows, and say which columns hold none any more."""
    compared, broken = [], {}
    for name, then in (profile.times if profile and rows.height else {}).items():
        if name not in rows.columns:
            broken[name] = "it is missing"
            continue
        nulls, odd = missing_and_invalid_times(rows[name])
        compared.append(ComparedTimes(name=name, profile=then, nulls=nulls, rows=rows.height))
        if why := time_fault(compared[-1], odd):
            broken[name] = why
            del compared[-1]
    return tuple(compared), broken


def time_fault(times: ComparedTimes, odd: int) -> str:
    """Say what is wrong with a column of times, of whose values so many are none; empty when it is fine."""
    if odd:
        return f"times became something else in {odd:,} rows"
    if times.nulls == times.rows and times.profile.count:
        return "it has no value at all"
    return ""


def newest_of(times: pl.Series) -> datetime | None:
    """Return the latest of some moments; None without any."""
    latest = times.max()
    return latest if isinstance(latest, datetime) else None


def extra_columns(rows: pl.DataFrame, profile: TableProfile | None) -> tuple[str, ...]:
    """Return the columns that have no profile and could have one."""
    if profile is None:
        return ()
    known = {*profile.columns, *profile.times}
    schema = rows.schema.items()
    return tuple(
        name for name, dtype in schema if name[:1] != "_" and name not in known and not dtype.is_nested()
    )


def with_score_analysis(window: MonitoredWindow, known: ScoreOutcomes | None) -> MonitoredWindow:
    """Return a window with what follows from the live model's scores.

    That is what each metric is expected to be before outcomes are known, how reliable scores are by what
    became of rows, and whether the known outcomes stand for all.
    """
    score = next((column for column in window.columns if column.name == SCORE_COLUMN), None)
    baseline = window.baseline or Baseline(model=window.model)
    profile, now = (score.profile, score.now) if score else (None, None)
    if not window.performance:
        return window
    live = with_reliability(window.performance[0], known)
    scored = None
    if window.frame is not None:
        scored = scores_of(window.frame, SCORE_COLUMN)
    elif profile is not None and now is not None:
        scored = scores_of_bins(profile, now)
    live = with_expected(live, scored, baseline)
    live = with_expected_losses(live, window.frame, baseline)
    live = with_expected_classes(live, window.frame, baseline)
    return replace(
        window,
        performance=(live, *window.performance[1:]),
        selective=selective(known, profile, now, baseline),
    )


def compared_columns(
    rows: pl.DataFrame, profile: TableProfile | None
) -> tuple[tuple[ComparedColumn, ...], dict[str, str]]:
    """Count the columns of some rows over the bins of their profile, and say which can't be."""
    if profile is None or not rows.height:
        return (), {}
    compared, broken = [], {}
    for name, then in profile.columns.items():
        if name not in rows.columns:
            broken[name] = "it is missing"
            continue
        try:
            now = tally_column(then, rows[name])
        except InvalidInput as error:
            broken[name] = error.why
            continue
        if not now.count and then.count:
            broken[name] = "it has no value at all"
            continue
        compared.append(compared_column(name, then, now))
    return tuple(compared), broken


def compared_column(name: str, then: ColumnProfile, now: ColumnCounts) -> ComparedColumn:
    """Put a column's baseline and its counts in a window beside each other."""
    answered = name == SCORE_COLUMN or name.startswith(OUTPUT_PREFIX)
    return ComparedColumn(
        name=name,
        severity=Severity.PREDICTION_DRIFT if answered else Severity.INPUT_DRIFT,
        ordered=isinstance(then, NumericProfile),
        profile=then,
        then=then.own(),
        now=now,
    )
