"""What a run is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from meguru.tracking.experiments import names

RunState = Literal["running", "interrupted", "succeeded", "failed", "cancelled"]
"""*Interrupted* is never stored: so a running run is shown once its lease ran out, until it is swept."""
EndState = Literal["succeeded", "failed", "cancelled"]


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A named group of runs that are worth comparing.

    Its reference stays when its name changes; `name` has its project before it (``team/churn``), unless that
    is the default one. `number` is what MLflow's clients know it by. A deleted one is only marked.
    """

    ref: str
    name: str
    project: str = ""
    number: int
    state: Literal["active", "deleted"] = "active"
    note: str
    created_at: datetime
    created_by: str
    changed_at: datetime

    @property
    def full_name(self) -> str:
        """The name, with the default project before it too where one could read another one out of it."""
        return self.name if self.project else names.full("", self.name)


class MetricPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: the value of a metric at a step; None is a value that is no finite number."""

    key: str
    value: float | None
    step: int = 0
    at: datetime | None = None


class MetricSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one metric of one run, in order."""

    run: str
    key: str
    points: list[MetricPoint]


class MetricSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A metric's newest value (of the highest step), and the range of all its values."""

    value: float | None
    step: int
    at: datetime
    count: int
    minimum: float | None
    maximum: float | None


class ExperimentDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment with the number of its runs by state, how many are deleted, and the newest run."""

    experiment: Experiment
    runs: dict[str, int]
    deleted: int
    newest: Run | None


class RunArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a run left behind."""

    path: str
    digest: str
    size: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run, with its params, tags and newest metric values.

    `experiment` is the name of its experiment, in whose `project` it is. A run with `deleted_at` is only
    marked, and in no list. `lease` is how many seconds it may be silent, and `alive_until` when that time is
    up; both are None when its client does not beat.
    """

    ref: str
    id: str
    name: str
    experiment: str
    project: str = ""
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    created_by: str
    error: str
    lease: float | None = None
    alive_until: datetime | None = None
    deleted_at: datetime | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    metrics: dict[str, MetricSummary] = {}
