"""On which rows a gate measures models, and by which metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from meguru.errors import InvalidInput, NotFound, near_misses
from meguru.flavors.comparing import HoldoutRows, holdout_of, nothing
from meguru.flavors.measures import MetricOptions
from meguru.flavors.scoring import SLICE, HoldoutColumns, slice_values
from meguru.metrics import METRICS, Metric, ScoredRows, metric_of
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.conditions import check_condition, condition
from meguru.tasks import Task
from meguru.tasks.scoring import scored_rows

MAX_SLICES, MAX_SLICED, SHOWN = 200, 20, 3
"""So many values are judged one by one, of so many columns and conditions; so many failures are told."""


class RowsGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What gates have in common that measure models on rows.

    Attributes
    ----------
    slices
        Columns and conditions: what is asked of all rows is asked of those of each value of a column, and of
        those for which a condition (an expression, such as ``dep_delay > 60``) is true.
    where
        Only rows for which this expression is true, of which there must be `least_rows`.
    least_rows
        Scalar, count: a value with fewer rows is named, and not judged.
    golden
        A dataset version, such as ``dataset/tumours-golden@2``, to measure on instead of the holdout.
    label
        The label's column in the golden set; the same as in the holdout if not given.
    confidence
        Scalar, probability: that of intervals.
    """

    slices: str | list[str] = ""
    where: str = ""
    least_rows: int = 50
    golden: str = ""
    label: str = ""
    confidence: float = 0.95

    def check_rows(self) -> None:
        """Refuse options that make no sense."""
        if not 0.5 <= self.confidence < 1:
            why = f"it is {self.confidence}"
            raise InvalidInput("a confidence lies between 0.5 and 1", field="confidence", why=why)
        if len(self.sliced) > MAX_SLICED:
            what = f"up to {MAX_SLICED} columns and conditions can be judged"
            raise InvalidInput(what, field="slices", why=f"they are {len(self.sliced)}")
        check_condition(self.where, "where")
        if self.least_rows < 1:
            raise InvalidInput("least_rows is 1 or more", field="least_rows", why=f"it is {self.least_rows}")
        if self.golden and not self.golden.rpartition("@")[2].isdigit():
            raise InvalidInput(
                "a golden set is a version of a dataset",
                field="golden",
                why=f"{self.golden!r} may hold other rows tomorrow",
                hint=f"write which one: {self.golden.partition('@')[0]}@1",
            )
        if self.label and not self.golden:
            raise InvalidInput(
                "a label is named for a golden set", field="label", why="the holdout knows its own"
            )

    @property
    def sliced(self) -> tuple[str, ...]:
        """The columns and conditions of `slices`."""
        given = [self.slices] if isinstance(self.slices, str) else self.slices
        return tuple(dict.fromkeys(each for each in given if each))

    def evidence(self, trial: GateTrial) -> HoldoutRows:
        """Return the rows to measure on.

        Raises
        ------
        InvalidInput
            When there are none, or a column is missing.
        """
        model = trial.challenger.bundle
        rows = (
            holdout_of(model, trial.challenger.ref, "the challenger's holdout") if not self.golden else None
        )
        if rows is None:
            frame, holdout_columns = trial.golden(self.golden), model.evaluation.holdout_columns
            weight, block = (
                name if name in frame.columns else ""
                for name in (holdout_columns.weight, holdout_columns.block)
            )
            columns = HoldoutColumns(label=self.label or holdout_columns.label, weight=weight, block=block)
            rows = HoldoutRows(frame=frame, columns=columns, name=f"the golden set {self.golden}")
        name = rows.columns.label
        if name not in rows.frame.columns:
            close = near_misses(name, rows.frame.columns)
            hint = f"did you mean {close[0]!r}?" if close else ""
            raise InvalidInput(f"{rows.name} has no column {name!r}", field="label", hint=hint)
        frame = rows.frame
        if self.where:
            frame = frame.filter(condition(self.where, frame, rows.name, "where"))
            if frame.height < self.least_rows:
                what = f"{frame.height:,} rows of {rows.name} have {self.where}"
                raise InvalidInput(what, field="where", why=f"{self.least_rows:,} are needed")
        conditions = [each for each in self.sliced if each not in frame.columns]
        made = [condition(each, frame, rows.name, "slices") for each in conditions]
        return HoldoutRows(
            frame=frame.with_columns(made),
            columns=msgspec.structs.replace(rows.columns, slices=self.sliced),
            name=rows.name,
            conditions=frozenset(conditions),
        )

    def parts(self, evidence: HoldoutRows, *rows: ScoredRows) -> list[SlicePart]:
        """Return the rows of each value of each slice column, the commonest first, and of each condition.

        Raises
        ------
        InvalidInput
            When there are more values than can be judged one by one.
        """
        slice_parts: list[SlicePart] = []
        for name in self.sliced:
            values = slice_values(evidence.frame, name)
            if len(values) > MAX_SLICES:
                why = f"{name!r} has {len(values):,} values"
                raise InvalidInput(f"up to {MAX_SLICES} slices can be judged", field="slices", why=why)
            if name in evidence.conditions:
                values = [each for each in values if each[1] is True] or [(-1, True, 0)]
            for number, value, _ in values:
                masks = [row.columns[SLICE + name] == number for row in rows]
                part = tuple(each.take(mask) for each, mask in zip(rows, masks, strict=True))
                if len(part[0]) or name in evidence.conditions:
                    called = name if name in evidence.conditions else f"{name} {value}"
                    judged = len(part[0]) >= self.least_rows
                    slice_parts.append(SlicePart(called, value, part, judged=judged))
        return slice_parts

    def says_slices(self, failed: Sequence[tuple[SlicePart, str]], judged: int, left_out: int) -> list[str]:
        """Return what became of slices: each that failed with what is said of it, and how many did not.

        Parameters
        ----------
        failed
            Each slice that failed, and why.
        judged, left_out
            Scalars, counts: of slices that were judged, and of those with too few rows.
        """
        named = ", ".join(self.sliced)
        told = [f"slice {part.name}: {why}" for part, why in failed[:SHOWN]]
        if not failed:
            told.append(f"slices of {named}: all {judged} pass")
        elif len(failed) > SHOWN:
            told.append(f"slices of {named}: {len(failed) - SHOWN} more fail")
        if left_out:
            few = f"{left_out} with fewer than {self.least_rows} rows were not judged"
            told.append(f"slices of {named}: {few}")
        return told


@dataclass(frozen=True, slots=True)
class SlicePart:
    """Rows of one value of a column, or of a condition, as each model answered; `judged` when enough."""

    name: str
    value: Any
    rows: tuple[ScoredRows, ...]
    judged: bool


def named_metric(given: MetricOptions, asked: Sequence[MetricOptions]) -> Metric:
    """Return the metric that a gate means: one that the model's author asked for, else one of ours.

    Raises
    ------
    InvalidInput
        When only a number of that name is known, which its author gave.
    """
    own = (metric_of(each) for each in asked) if isinstance(given, str) else ()
    found = next((each for each in own if each.name == given), None)
    try:
        return found or metric_of(given)
    except NotFound as error:
        why = "it is a number or a function of its author: it can't be measured again"
        raise InvalidInput(f"{given!r} is no metric that can be measured", field="metric", why=why) from error


def why_not(metric: Metric, task: Task) -> str:
    """Return why a metric can never measure a task's answers; empty when it can."""
    if task.key not in metric.tasks:
        return f"{metric.name} is for {', '.join(sorted(metric.tasks))}"
    return metric.missing(no_rows(task))


def metric_that_fits(given: MetricOptions, task: Task, ref: str, known: Mapping[str, float]) -> Metric:
    """Return a metric that measures the task.

    Raises
    ------
    InvalidInput
        When there is no such metric, or it can't measure such a model; what can is named.
    """
    try:
        metric, why = metric_of(given), ""
        why = why_not(metric, task)
    except NotFound:
        metric, why = None, f"it has {', '.join(sorted(known)[:12]) or 'none'}"
    if metric is not None and not why:
        return metric
    name = metric.name if metric else str(given)
    fitting = [key for key in METRICS.names() if task.key in METRICS.load(key).tasks]
    close = [near_miss for near_miss in near_misses(name, [*known, *fitting]) if near_miss != name]
    raise InvalidInput(
        f"{ref} is a {task.key} model and has no metric {name!r}",
        field="metric",
        why=why,
        hint=f"did you mean {close[0]!r}?" if close else f"one of {', '.join(fitting)}" if fitting else "",
    )


def no_rows(task: Task) -> ScoredRows:
    """Return no rows at all, with the answers of a task: enough to see what a metric lacks."""
    import numpy as np

    truth = (
        np.zeros((0, len(getattr(task, "targets", ())) or 1)) if task.key == "multioutput" else np.zeros(0)
    )
    if task.key == "multilabel":
        truth = np.zeros((0, len(getattr(task, "classes", ()))))
    return scored_rows(task, truth, nothing(task), group=np.zeros(0, dtype=np.int64))
