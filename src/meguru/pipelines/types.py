"""What is kept of pipelines and of their runs."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import msgspec

from meguru.compute.code.types import Code, Environment, SourceFile
from meguru.compute.graph import Graph
from meguru.compute.materializers.base import Value
from meguru.compute.reads.types import FileUse
from meguru.compute.usage import StepUsage


class PipelineRunState(StrEnum):
    """Where a run stands; the last three are final.

    A run that is `waiting` (for people's answers, or for the time of a retry) or `paused` holds no process.
    """

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (PipelineRunState.SUCCEEDED, PipelineRunState.FAILED, PipelineRunState.CANCELLED)


class StepState(StrEnum):
    """Where a step of a run stands.

    A `cached` step did not run: an earlier run's output still holds. An `asking` one waits for people.
    """

    WAITING = "waiting"
    ASKING = "asking"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CACHED = "cached"
    FAILED = "failed"
    SKIPPED = "skipped"


class StepCode(msgspec.Struct, frozen=True, kw_only=True):
    """What the cache key of a step knows about its code: the project's own, and everybody else's."""

    code: Code
    environment: Environment


class PipelineVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline as it was registered; a worker runs exactly this, from `snapshot`.

    `entry` is ``FILE.py:NAME``, `folder` is where the file was, `imports` are the third-party modules that
    the project imports, `commit` is git's name of the source (empty outside a repository; ``+`` at its end
    means that the files had changes that were not committed).
    """

    ref: str
    name: str
    version: int
    digest: str
    graph: Graph
    codes: dict[str, StepCode]
    snapshot: str
    sources: list[SourceFile]
    entry: str
    folder: str
    imports: list[str]
    commit: str
    created_at: datetime
    created_by: str


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step, and with it the run, failed."""

    step: str
    type: str
    message: str
    traceback: str = ""


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline, its newest version, the one that is deployed, and its newest run."""

    name: str
    ref: str
    version: int
    entry: str
    steps: int
    produces: str | None
    created_at: datetime
    deployed: int | None = None
    last_run: str | None = None
    last_state: PipelineRunState | None = None
    last_finished_at: datetime | None = None
    last_failed: Failed | None = None


class Pinned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The version of a dataset, or of features, that a run uses, chosen when it started.

    `uses` are the references of all that is in it, where that is more than `ref`.
    """

    ref: str
    digest: str
    uses: list[str] = []


class StepRun(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one run.

    `key` is the digest of `parts`: code, environment and inputs. `reused` names the step run whose output
    was taken over. `log` is the digest of what the step printed. A mapped step has `items` calls, each a
    step run of its own whose `parent` it is. `reason` says why a step was skipped; `due_at` is when a failed
    one is tried again. `files` are those that it read; the output holds while they are what they were. What
    all its attempts used is in seconds (memory in gigabytes times seconds, of the largest moment of each);
    None when it did not run, or was before this was measured.
    """

    id: str
    run: str
    pipeline: str
    step: str
    state: StepState
    parent: str = ""
    items: int | None = None
    reason: str = ""
    attempt: int = 0
    failures: int = 0
    due_at: datetime | None = None
    key: str = ""
    parts: dict[str, Any] = {}
    outputs: list[Value] = []
    reused: str | None = None
    log: str | None = None
    failed: Failed | None = None
    files: list[FileUse] = []
    started_at: datetime | None = None
    finished_at: datetime | None = None
    busy_seconds: float | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None
    memory_gb_seconds: float | None = None

    def with_usage(self, used: StepUsage, gpus: float) -> Self:
        """Return the step run with what one more attempt used; `gpus` accelerators were kept for it."""
        memory = used.peak_bytes / 1e9 * used.seconds
        measured = [each for each in (self.cpu_seconds, used.cpu_seconds) if each is not None]
        return msgspec.structs.replace(
            self,
            busy_seconds=(self.busy_seconds or 0.0) + used.seconds,
            cpu_seconds=sum(measured) if measured else None,
            gpu_seconds=(self.gpu_seconds or 0.0) + gpus * used.seconds,
            memory_gb_seconds=(self.memory_gb_seconds or 0.0) + memory,
        )


class PipelineRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a pipeline.

    `produced` has the references that the run made, such as ``model/delay@3``. `tracked` names the tracked
    run that has what its steps logged. `interrupted` is True while the process that worked on it is gone and
    no other has taken it over yet. `paused` is True while it is to start nothing. A run that repeats another
    (`retry_of`) runs its `rerun_steps` whatever is kept of them. `origin` is the reference of what started
    it, such as a backfill or a trigger, and `partition` the part of the data that it is for.
    """

    ref: str
    id: str
    pipeline: str
    version: int
    state: PipelineRunState
    params: dict[str, Any]
    pinned: dict[str, Pinned]
    job: str
    event: str
    created_at: datetime
    created_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failed: Failed | None = None
    produced: list[str] = []
    metrics: dict[str, float] = {}
    ran: int = 0
    cached: int = 0
    origin: str = ""
    partition: str = ""
    skipped: int = 0
    paused: bool = False
    retry_of: str | None = None
    rerun_steps: list[str] = msgspec.field(name="again", default=[])
    interrupted: bool = False
    tracked: str | None = None
    steps: list[StepRun] = []
