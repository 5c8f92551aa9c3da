"""What a window holds, compared column by column with what the live model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguru.errors import InvalidInput
from meguru.monitoring.base import Baseline
from meguru.monitoring.performance import AskedMetric, measure
from meguru.monitoring.types import ModelPerformance, Role, Severity
from meguru.predictions.types import MODEL_COLUMN, OUTCOME_COLUMN, SCORE_COLUMN
from meguru.stats import ColumnCounts, NumericProfile, TableProfile, tally_column
from meguru.tasks.base import OUTPUT_PREFIX

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedColumn:
    """A column's counts over the bins of its baseline, at training and in the window."""

    name: str
    severity: Severity
    ordered: bool
    then: ColumnCounts
    now: ColumnCounts


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
    performance
        The live model first.
    compared_with
        What the columns are compared with, in words.
    """

    model: str
    rows: int
    outcomes: int
    min_rows: int
    columns: tuple[ComparedColumn, ...] = ()
    broken: Mapping[str, str]
    performance: tuple[ModelPerformance, ...] = ()
    compared_with: str = "the training data"

    @property
    def live(self) -> ModelPerformance | None:
        """How the live model did."""
        return next((each for each in self.performance if each.role is Role.LIVE), None)


def live_model(frame: pl.DataFrame) -> str:
    """Return the model that answered the last row; empty when there is none."""
    return str(frame[MODEL_COLUMN][-1]) if frame.height else ""


def compare(
    frame: pl.DataFrame,
    baselines: Mapping[str, Baseline],
    min_rows: int,
    asked: Sequence[AskedMetric] = (),
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
    asked
        The metrics that checks judge by, beside those of each model's task.
    """
    model = live_model(frame)
    baseline = baselines.get(model) or Baseline(model=model)
    mine = frame.filter(frame[MODEL_COLUMN] == model) if model else frame
    columns, broken = compared_columns(mine, baseline.profile)
    return MonitoredWindow(
        model=model,
        rows=frame.height,
        outcomes=frame[OUTCOME_COLUMN].count() if frame.height else 0,
        min_rows=min_rows,
        columns=columns,
        broken=broken,
        performance=measure(frame, model, baselines, asked),
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
        answered = name == SCORE_COLUMN or name.startswith(OUTPUT_PREFIX)
        severity = Severity.PREDICTION_DRIFT if answered else Severity.INPUT_DRIFT
        ordered = isinstance(then, NumericProfile)
        compared.append(
            ComparedColumn(name=name, severity=severity, ordered=ordered, then=then.own(), now=now)
        )
    return tuple(compared), broken
