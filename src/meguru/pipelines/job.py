"""The job handler of pipeline runs."""

from __future__ import annotations

from sqlalchemy import update

from meguru.errors import Busy
from meguru.pipelines import runs
from meguru.pipelines.engine import Engine, Progress
from meguru.pipelines.finish import fail
from meguru.pipelines.schema import step_run
from meguru.pipelines.types import FINAL, Failed, StepState
from meguru.runtime.jobs import Job, Lease
from meguru.runtime.operations import Context, Operation
from meguru.runtime.workspace import Workspace


class PipelineRunHandler:
    """Runs pipelines; `progress` hears of every step whose state was committed."""

    def __init__(self, progress: Progress | None = None) -> None:
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
            ctx.tx.execute(
                update(step_run)
                .where(step_run.c.run == run.id, step_run.c.state == StepState.RUNNING.value)
                .values(state=StepState.SKIPPED.value, finished_at=ctx.now())
            )

        private: Operation[[], None] = Operation(
            end, "pipeline_run.abandon", "pipeline:write", query=False, evented=False
        )
        private(ws)


HANDLER = PipelineRunHandler()
