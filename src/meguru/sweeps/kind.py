"""Sweeps, as a kind."""

from __future__ import annotations

from typing import Any

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


@event_type("sweep.started", label="sweep started", sentence="{subject} started", explains=True)
class SweepStarted(Payload, frozen=True):
    """A search for the best parameters began."""

    pipeline: str
    version: int
    trials: int
    metric: str
    goal: str
    sampler: str
    pruner: str
    seed: int


@event_type("sweep.resumed", label="sweep went on", sentence="{subject} went on", explains=True)
class SweepResumed(Payload, frozen=True):
    """A sweep that was over goes on, to so many trials in all."""

    pipeline: str
    trials: int
    round: int


@event_type("sweep.finished", label="sweep ended", sentence="{subject} ended", tone=Tone.GOOD, explains=True)
class SweepFinished(Payload, frozen=True):
    """A sweep is over; `trial` is the best one, with its value and parameters, if any succeeded."""

    pipeline: str
    state: str
    reason: str
    metric: str
    best: float | None
    trial: int | None
    params: dict[str, Any] | None


@event_type("sweep_trial.started", label="trial of a sweep started", sentence="a trial of {subject} started")
class SweepTrialStarted(Payload, frozen=True):
    """A trial with these parameters began. Told of the sweep."""

    trial: int
    params: dict[str, Any]


@event_type(
    "sweep_trial.finished",
    label="trial of a sweep ended",
    sentence="a trial of {subject} ended",
    tone=Tone.GOOD,
)
class SweepTrialFinished(Payload, frozen=True):
    """A trial has ended, with this value of the metric. Told of the sweep."""

    trial: int
    run: str
    state: str
    metric: str
    value: float | None
    reason: str


SWEEP = Kind(
    name="sweep",
    title=("sweep", "sweeps"),
    named=False,
    tables=("meguru.sweeps.schema",),
    operations=("meguru.sweeps.operations",),
    events=(SweepStarted, SweepResumed, SweepFinished, SweepTrialStarted, SweepTrialFinished),
    project_of="meguru.sweeps.store:project_of",
    jobs={"sweep": "meguru.sweeps.job:HANDLER"},
    internal={
        "abandon": "a worker ends a sweep that nobody can finish",
        "advance": "the worker that has the sweep begins and ends trials",
    },
    page="/ui/sweeps/{name}",
)
