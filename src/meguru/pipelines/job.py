"""The job handler of pipeline runs."""

from __future__ import annotations

from meguru.errors import Busy
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.pipelines import runs
from meguru.pipelines.engine import Engine, StepProgress
from meguru.pipelines.finish import fail, skip_open
from meguru.pipelines.kind import PIPELINE_RUN
from meguru.pipelines.logs.tail import end_orphaned_logs
from meguru.pipelines.types import FINAL, Failed

_ABANDON = InternalOperation(PIPELINE_RUN, "abandon")


class PipelineRunHandler:
    """Runs pipelines; `progress` hears of every step whose state was committed."""

    def __init__(self, progress: StepProgress | None = None) -> None:
        self.progress = progress

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Bring the run to its end; what an earlier attempt finished is not done again."""
        try:
            Engine(ws, job, lease, self.progress).go()
        except Busy as error:
            # A busy database is an accident, not an answer: the worker tries again.
            raise ConnectionError(str(error)) from error

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Mark the run failed, unless it ended; of a cancelled run, say that its steps stopped."""

        def end(ctx: Context) -> None:
            run = runs.get(ctx.tx, job.payload["run"])
            if run.state not in FINAL:
                fail(ctx, run, Failed(step="", type="Abandoned", message=why))
                return
            skip_open(ctx, run.id, "the run was cancelled")

        _ABANDON.commit(ws, end)
        end_orphaned_logs(ws, job.payload["run"])


HANDLER = PipelineRunHandler()
