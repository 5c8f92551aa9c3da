"""The steps of runs, and the components that steps come from, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Kind, Payload, Tone, event_type


class _OfStep(Payload, frozen=True):
    run: str
    step: str
    pipeline: str


@event_type("step_run.cached", label="steps taken from cache", sentence="steps of {subject} were cached")
class StepRunsCached(Payload, frozen=True):
    """Steps of a run took over what earlier ones returned: those, by step. Told of the pipeline run."""

    run: str
    pipeline: str
    steps: dict[str, str]


@event_type("step_run.succeeded", label="step succeeded", sentence="{subject} succeeded", tone=Tone.GOOD)
class StepRunSucceeded(_OfStep, frozen=True):
    """A step has returned; `files` are the digests of the first files that it read."""

    attempt: int
    outputs: list[dict[str, Any]]
    files: dict[str, str] = msgspec.field(default_factory=dict)


@event_type("step_run.failed", label="step failed", sentence="{subject} failed", tone=Tone.BAD)
class StepRunFailed(_OfStep, frozen=True):
    """An attempt at a step has failed; it is `retried` or was the last."""

    attempt: int
    retried: bool
    type: str
    message: str
    log: str | None


@event_type("step_run.skipped", label="step skipped", sentence="{subject} was skipped")
class StepRunSkipped(_OfStep, frozen=True):
    """A step is not done in this run."""

    reason: str


@event_type(
    "step_run.check_started",
    label="check of steps asked for",
    sentence="a check of steps of {subject} was asked for",
)
class StepRunCheckStarted(Payload, frozen=True):
    """Steps are to be run twice and compared. Told of the pipeline run."""

    check: str
    run: str
    pipeline: str
    steps: list[str]


@event_type("step_run.checked", label="step checked", sentence="{subject} was checked")
class StepRunChecked(_OfStep, frozen=True):
    """A step was run twice from the same inputs, and this came of it."""

    check: str
    verdict: str
    declared: bool
    seed: int
    differences: list[str]


STEP_RUN = Kind(
    name="step_run",
    title=("step", "steps"),
    named=False,
    tables=("meguru.pipelines.logs.schema",),
    events=(
        StepRunsCached,
        StepRunSucceeded,
        StepRunFailed,
        StepRunSkipped,
        StepRunCheckStarted,
        StepRunChecked,
    ),
    project_of="meguru.pipelines.runs:project_of",
    jobs={"step_check": "meguru.pipelines.determinism.job:HANDLER"},
    internal={
        "keep_log": "the engine keeps what steps print",
        "tell_check": "a worker tells what came of checking a step",
    },
    page="/ui/pipelines/runs/{run}?step={step}#step-{step}",
)
COMPONENT = Kind(
    name="component",
    title=("component", "components"),
    named=False,
    provides={
        "described": "meguru.pipelines.catalogue:described_components",
        "detailed": "meguru.pipelines.catalogue:detailed_component",
    },
)
"""What installed packages offer; they are of no project. Which pipelines use one is seen with those."""
