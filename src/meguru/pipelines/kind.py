"""Pipelines and their runs, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type, spec_events


class PipelineSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a pipeline: which version is deployed, and how triggers and backfills run it.

    `entry` and `digest` name the version; `steps` has, by step, what its cache key knows of its code.
    `params` and `priority` are what a run gets that does not say otherwise.
    """

    entry: str
    digest: str
    steps: dict[str, str] = {}
    params: dict[str, Any] = {}
    priority: int | None = None
    description: str = ""
    owner: str = ""


class PipelineSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[pipeline.NAME]`` of a project file: the code in the folder that is to be deployed.

    `entry` is ``FILE.py:FUNCTION``. `digest` (with `steps`) stands for the code where it is not at hand: that
    version was registered before.
    """

    entry: str
    params: dict[str, Any] = {}
    priority: int | None = None
    description: str = ""
    owner: str = ""
    digest: str = ""
    steps: dict[str, str] = {}


@event_type(
    "pipeline.registered", label="pipeline registered", sentence="{subject} was registered", explains=True
)
class PipelineRegistered(Payload, frozen=True):
    """A pipeline has a new version."""

    entry: str
    commit: str
    steps: int
    snapshot: str


class _Deployed(Payload, frozen=True):
    version: int
    before: int | None
    reason: str


@event_type(
    "pipeline.deployed",
    label="pipeline deployed",
    sentence="{subject} was deployed: triggers, calendars and backfills run it",
    explains=True,
)
class PipelineDeployed(_Deployed, frozen=True):
    """Another version is deployed than `before` (None: none was)."""


@event_type(
    "pipeline.rolled_back",
    label="pipeline rolled back",
    sentence="the pipeline was rolled back to {subject}",
    tone=Tone.ODD,
    explains=True,
)
class PipelineRolledBack(_Deployed, frozen=True):
    """A version that was deployed earlier is deployed again."""


@event_type(
    "pipeline_run.started",
    label="pipeline run started",
    sentence="pipeline run {subject} started",
    explains=True,
)
class PipelineRunStarted(Payload, frozen=True):
    """A run was promised; `origin` started it, `retry_of` is the run that it repeats."""

    pipeline: str
    version: int
    params: dict[str, Any]
    origin: str = ""
    partition: str = ""
    retry_of: str = ""
    again: list[str] = msgspec.field(default_factory=list)


@event_type(
    "pipeline_run.succeeded",
    label="pipeline run succeeded",
    sentence="pipeline run {subject} succeeded",
    tone=Tone.GOOD,
    explains=True,
)
class PipelineRunSucceeded(Payload, frozen=True):
    """A run has ended well: how many steps ran, were cached or skipped, and what it returned."""

    pipeline: str
    version: int
    params: dict[str, Any]
    ran: int
    cached: int
    skipped: int
    metrics: dict[str, Any]
    produces: str | None
    output: str | None


@event_type(
    "pipeline_run.failed",
    label="pipeline run failed",
    sentence="pipeline run {subject} failed",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        about="pipeline/{pipeline}",
        answered_by=(Remedy("pipeline_run.succeeded"),),
        meaning="{pipeline} could not finish its work; what it makes is as old as its last success.",
    ),
)
class PipelineRunFailed(Payload, frozen=True):
    """A run has failed; `step` is empty when it was not a step that failed."""

    pipeline: str
    version: int
    step: str
    type: str
    message: str


class _Turned(Payload, frozen=True):
    pipeline: str
    reason: str = ""


@event_type(
    "pipeline_run.cancelled",
    label="pipeline run cancelled",
    sentence="pipeline run {subject} was cancelled",
    tone=Tone.ODD,
    explains=True,
)
class PipelineRunCancelled(_Turned, frozen=True):
    """A run was cancelled."""


@event_type(
    "pipeline_run.paused",
    label="pipeline run paused",
    sentence="pipeline run {subject} was paused",
    tone=Tone.ODD,
)
class PipelineRunPaused(_Turned, frozen=True):
    """A run is to start nothing for now."""


@event_type(
    "pipeline_run.resumed", label="pipeline run resumed", sentence="pipeline run {subject} was resumed"
)
class PipelineRunResumed(_Turned, frozen=True):
    """A paused run goes on."""


PIPELINE = Kind(
    name="pipeline",
    title=("pipeline", "pipelines"),
    versioned=True,
    tables=("meguru.pipelines.schema", "meguru.pipelines.deployments.schema"),
    operations=("meguru.pipelines.operations",),
    events=(
        *spec_events(
            "pipeline",
            PipelineSpec,
            retired="No version of a pipeline is deployed any more; what was registered stays.",
        ),
        PipelineRegistered,
        PipelineDeployed,
        PipelineRolledBack,
    ),
    grants={"engineer": ("*",), "data-scientist": ("write",)},
    spec=PipelineSpec,
    spec_store="meguru.pipelines.deployments.spec",
    section_type=PipelineSection,
    prepare="meguru.pipelines.project_file:prepare",
    upload="meguru.pipelines.project_file:carry",
    provides={
        "model user": "meguru.pipelines.model_user:uses",
        "dataset user": "meguru.pipelines.dataset_user:uses",
        "described": "meguru.pipelines.catalogue:described",
        "detailed": "meguru.pipelines.catalogue:detailed",
    },
    page="/ui/pipelines/versions/{name}/{version}",
)
PIPELINE_RUN = Kind(
    name="pipeline_run",
    title=("pipeline run", "pipeline runs"),
    named=False,
    events=(
        PipelineRunStarted,
        PipelineRunSucceeded,
        PipelineRunFailed,
        PipelineRunCancelled,
        PipelineRunPaused,
        PipelineRunResumed,
    ),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    project_of="meguru.pipelines.runs:project_of",
    jobs={"pipeline_run": "meguru.pipelines.job:HANDLER"},
    internal={
        "abandon": "a worker ends a run that nobody can finish",
        "advance": "the engine writes what became of steps, and how the run ended",
        "keep_metrics": "the engine keeps what steps log",
    },
    provides={
        "personal data": "meguru.pipelines.erase:erase",
        "values of people": "meguru.pipelines.erase:values",
        "purge follower": "meguru.pipelines.metrics_ingest:forget_runs",
        "kept records": "meguru.pipelines.retained:records",
    },
    services=(Service(name="ended-runs", factory="meguru.pipelines.cleanup:EndedRuns"),),
    page="/ui/pipelines/runs/{name}",
)
