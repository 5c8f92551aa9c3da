"""What a sweep is, what it looks through, and what it found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

Goal = Literal["max", "min"]
Sampler = Literal["tpe", "random", "grid"]
Pruner = Literal["none", "median"]
Scalar = bool | int | float | str | None


class Uniform(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="uniform"):
    """A number from `low` to `high`: in steps of `step`, or even on a logarithmic scale if `log`."""

    low: float
    high: float
    step: float | None = None
    log: bool = False


class Whole(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="int"):
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int
    step: int = 1
    log: bool = False


class Choice(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="choice"):
    """One of some values."""

    values: list[Scalar]


Space = Uniform | Whole | Choice


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to search: for the most (or least) of `metric`, by `sampler`, in `trials` runs or until a limit.

    `trials` is 50 if not given, or the size of the grid. `parallel` runs go on at a time. The same `seed`
    makes the same suggestions. It is over after `timeout` seconds, when the metric reached `target`, or, as
    failed, when more than `max_failed` trials failed.
    """

    metric: str
    goal: Goal = "max"
    sampler: Sampler = "tpe"
    pruner: Pruner = "none"
    trials: int | None = None
    parallel: int = 1
    seed: int = 0
    timeout: float | None = None
    target: float | None = None
    max_failed: int = 10


class SweepState(StrEnum):
    """Where a sweep stands; all but the first can be resumed."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


class TrialState(StrEnum):
    """Where a trial stands; a `cancelled` one begins again when its sweep is resumed."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PRUNED = "pruned"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the pipeline with parameters that the sweep chose.

    `run` is the id of its pipeline run. `value` is what the metric came to; of a pruned trial its last value,
    at `step`. `reason` says why it was pruned, or failed.
    """

    sweep: str
    number: int
    state: TrialState
    params: dict[str, Scalar]
    run: str
    value: float | None = None
    step: int | None = None
    reason: str = ""
    started_at: datetime
    finished_at: datetime | None = None


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A search for the parameters with which a pipeline's metric is best.

    `params` are the parameters that are the same in all trials, datasets pinned to a version. It is over
    after `trials`, at the `deadline`, when the metric reached `target`, or when more than `max_failed` trials
    failed since it was last resumed (`round` counts how often). `counts` has the trials by state.
    `interrupted` is True while the process that worked on it is gone and no other has taken it over.
    """

    ref: str
    id: str
    pipeline: str
    version: int
    state: SweepState
    space: dict[str, Space]
    params: dict[str, Any]
    metric: str
    goal: Goal
    sampler: Sampler
    pruner: Pruner
    trials: int
    parallel: int
    seed: int
    timeout: float | None
    target: float | None
    max_failed: int
    job: str
    event: str
    created_at: datetime
    created_by: str
    round: int = 0
    forgiven_failures: int = msgspec.field(name="forgiven", default=0)
    deadline: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    best: Trial | None = None
    counts: dict[str, int] = {}
    interrupted: bool = False
